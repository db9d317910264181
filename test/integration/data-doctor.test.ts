import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KERNEL_NAMES } from '../../proto/kernels.js';
import { doctorCommand } from '../../worker/cli/doctor.js';
import { runCommand } from '../support/command.js';
import { tempFolder } from '../support/temp-folder.js';

const folder = tempFolder();
const env = { HOME: folder, XDG_DATA_HOME: join(folder, 'share') };

describe('vernier doctor', () => {
  it('examines this machine, as JSON: kernels, data sets, places, versions', async () => {
    const { stdout, stderr, error } = await runCommand(doctorCommand, ['doctor', '--json'], env);
    expect([stderr, error]).toEqual(['', undefined]);
    const report = JSON.parse(stdout) as { kernels: { name: string; available: boolean; stepMs: number }[] };
    expect(report).toMatchObject({
      versions: { vernier: '0.0.0', protocol: 1, numerics: '1' },
      node: process.version,
      kernelInUse: 'wasm',
      dataDir: join(folder, '.cache/vernier/data'),
      dataProblem: null,
      store: join(folder, 'share/vernier/searches.db'),
      storeBytes: null,
    });
    expect(report).toHaveProperty(
      'datasets.0',
      expect.objectContaining({ name: 'fashion-mnist-mini', state: 'complete' }),
    );
    expect(report.kernels.map(({ name, available }) => [name, available])).toEqual(
      KERNEL_NAMES.map((name) => [name, name !== 'native']),
    );
    for (const { stepMs } of report.kernels.slice(0, 2)) expect(stepMs).toBeGreaterThan(0);
  });

  it('goes on where a kernel is asked for that there is not, and where the data folder is none', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const given = { ...env, VERNIER_KERNEL: 'abacus', VERNIER_DATA_DIR: join(file, 'below') };
    const { stdout, error } = await runCommand(doctorCommand, ['doctor'], given);
    expect(error).toBeUndefined();
    expect(stdout).toMatch(/^kernels +reference +[0-9.]+ ms a step$/m);
    expect(stdout).toContain('abacus is to be used and cannot be: see VERNIER_KERNEL');
    expect(stdout).toContain('fashion-mnist-mini  complete, 7,000 + 1,000 records');
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .every((line) => line.length <= 80 || line.includes(folder)),
    ).toBe(true);
  });
});
