import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { greeting } from '../../../coordinator/cli/coordinator.js';
import { ownDatasets, requireDatasets, type LocalData } from '../../../coordinator/cli/required-data.js';
import { readSearchText } from '../../../coordinator/cli/search-text.js';
import { submitCommand } from '../../../coordinator/cli/submit.js';
import { catalogued, type DatasetInfo } from '../../../proto/datasets.js';
import { runCommand } from '../../support/command.js';
import { searchFile } from '../../support/search-files.js';

const own: DatasetInfo = { name: 'mine', sha256: 'ab'.repeat(32), train: 10, test: 5, inputs: 4, classes: 2 };
const mini = catalogued('fashion-mnist-mini')!;
const cifar10 = catalogued('cifar10')!;

const local = (...complete: DatasetInfo[]): LocalData => ({ complete, incomplete: [] });

describe('data that a run needs', () => {
  it('may be there', () => {
    expect(() => requireDatasets([mini, own], local(own, mini, cifar10), undefined)).not.toThrow();
  });

  it('is named with the command that brings it', () => {
    expect(() => requireDatasets([cifar10], local(mini), undefined)).toThrow(
      expect.objectContaining({
        code: 'DATASET_MISSING',
        message: 'data set cifar10: not on this machine',
        mend: 'fetch it: vernier data fetch cifar10',
      }),
    );
    expect(() => requireDatasets([own, cifar10], local(mini), '/data')).toThrow(
      expect.objectContaining({
        message: 'data sets mine, cifar10: not on this machine',
        mend: 'add it: vernier data add mine PATH --data-dir /data',
      }),
    );
  });

  it('is told with what is wrong where only a part is there', () => {
    const problem = 'train-images.idx has 9 bytes instead of 56';
    const partly = (info: DatasetInfo): LocalData => ({ complete: [], incomplete: [{ info, problem }] });
    expect(ownDatasets(partly(own))).toEqual([own]);
    expect(() => requireDatasets([own], partly(own), undefined)).toThrow(
      expect.objectContaining({
        code: 'DATASET_CORRUPT',
        message: `data set mine: not complete: ${problem}`,
        mend: 'add it: vernier data add mine PATH --replace',
      }),
    );
    expect(() => requireDatasets([cifar10], partly(cifar10), undefined)).toThrow(
      expect.objectContaining({ mend: 'fetch it: vernier data fetch cifar10' }),
    );
    // Nothing can be fetched.
    expect(() => requireDatasets([mini], partly(mini), undefined)).toThrow(
      expect.objectContaining({ mend: 'install Vernier again: it is a part of it' }),
    );
  });

  it('is told from other data of the same name by its sum', () => {
    expect(() => requireDatasets([own], local({ ...own, sha256: 'cd'.repeat(32) }), undefined)).toThrow('mine');
  });

  it("goes with a submission where it is one's own", () => {
    expect(ownDatasets(local(mini, own, cifar10))).toEqual([own]);
  });
});

describe('a submission', () => {
  it('knows the data sets of the folder that --data-dir names', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vernier-submit-'));
    const file = join(folder, 'a.yaml');
    await writeFile(
      file,
      searchFile()
        .replace(/name: fashion-mnist-mini, train: 2000, validation: 500/, 'name: mine, train: 8, validation: 2')
        .replace('batch_size: 50', 'batch_size: 2')
        .replace('test: true', 'test: false'),
    );
    const localDatasets = (dataDir?: string): Promise<DatasetInfo[]> =>
      Promise.resolve(dataDir === '/data' ? [own] : []);
    const submit = async (...options: string[]): Promise<string | undefined> => {
      const args = ['submit', file, '--coordinator', '127.0.0.1:1', ...options];
      return (await runCommand(submitCommand, args, {}, { localDatasets })).error?.code;
    };
    expect(await submit()).toBe('SPEC_INVALID');
    expect(await submit('--data-dir', '/data')).toBe('COORDINATOR_UNREACHABLE');
    await rm(folder, { recursive: true });
  });
});

describe('a search file', () => {
  it('that is not there is told so', async () => {
    await expect(readSearchText('/nowhere/nosuch.yaml')).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: '/nowhere/nosuch.yaml: no such file',
    });
    await expect(readSearchText(tmpdir())).rejects.toMatchObject({ message: `${tmpdir()}: is a folder` });
  });

  it('is read as it is', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vernier-text-'));
    await writeFile(join(folder, 'a.yaml'), 'name: ä\n');
    expect(await readSearchText(join(folder, 'a.yaml'))).toBe('name: ä\n');
    await rm(folder, { recursive: true });
  });
});

describe("a coordinator's greeting", () => {
  it('names the line that joins a worker', () => {
    expect(greeting('192.168.1.10:7077', '/s.db')).toEqual([
      'coordinator on 192.168.1.10:7077, store /s.db',
      'join a worker:   vernier worker --coordinator 192.168.1.10:7077',
      'submit a search: vernier submit FILE --coordinator 192.168.1.10:7077',
    ]);
  });

  it('says when other machines cannot reach it', () => {
    for (const address of ['127.0.0.1:7077', 'localhost:7077', '[::1]:7077']) {
      expect(greeting(address, '/s.db').at(-1)).toBe(
        'only this machine can reach it; for others: --listen 0.0.0.0:7077',
      );
    }
  });

  it('names the host where it serves all addresses', () => {
    expect(greeting('0.0.0.0:7077', '/s.db')[1]).toMatch(/--coordinator [^0].*:7077$/);
  });
});
