import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kernelLabel } from '../../worker/kernel/recipe.js';
import type { KernelReport } from '../../worker/kernel/report.js';
import { doctorCommand } from '../../worker/cli/doctor.js';
import { BACKENDS } from '../support/backends.js';
import { runCommand } from '../support/command.js';
import { tempFolder } from '../support/temp-folder.js';

const folder = tempFolder();
const env = { HOME: folder, XDG_DATA_HOME: join(folder, 'share') };

describe('vernier doctor', () => {
  it('examines this machine, as JSON: kernels, data sets, places, versions', async () => {
    const { stdout, stderr, error } = await runCommand(doctorCommand, ['doctor', '--json'], env);
    expect([stderr, error]).toEqual(['', undefined]);
    const report = JSON.parse(stdout) as { kernels: KernelReport[]; kernelInUse: string };
    expect(report).toMatchObject({
      versions: { vernier: '0.0.0', protocol: 1, numerics: '1' },
      node: process.version,
      kernelProblem: null,
      dataDir: join(folder, '.cache/vernier/data'),
      dataProblem: null,
      store: join(folder, 'share/vernier/searches.db'),
      storeBytes: null,
    });
    expect(report).toHaveProperty(
      'datasets.0',
      expect.objectContaining({ name: 'fashion-mnist-mini', state: 'complete' }),
    );
    const here = report.kernels.filter(({ available }) => available);
    expect(here.map(kernelLabel)).toEqual(BACKENDS.map(({ label }) => label));
    for (const { stepMs, gflops } of here) expect([stepMs! > 0, gflops! > 0]).toEqual([true, true]);
    for (const { reason } of report.kernels.filter(({ available }) => !available)) expect(reason).toBeTruthy();
    expect(report.kernelInUse.split(' ')[0]).toBe(BACKENDS.at(-1)!.name);
  });

  it('names the kernel that is forced', async () => {
    for (const { label, recipe } of [BACKENDS[0]!, BACKENDS.at(-1)!]) {
      const width = recipe.name === 'native' ? recipe.width : undefined;
      const given = { ...env, VERNIER_KERNEL: recipe.name, VERNIER_NATIVE_WIDTH: width };
      const { stdout } = await runCommand(doctorCommand, ['doctor'], given);
      expect(stdout.match(/^.* in use$/gm)).toEqual([expect.stringContaining(` ${label} `)]);
    }
  });

  it('goes on where a kernel is asked for that there is not, and where the data folder is none', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const given = { ...env, VERNIER_KERNEL: 'abacus', VERNIER_DATA_DIR: join(file, 'below') };
    const { stdout, error } = await runCommand(doctorCommand, ['doctor'], given);
    expect(error).toBeUndefined();
    expect(stdout).toMatch(/^kernels +reference +[0-9.]+ ms a step +[0-9.]+ Gflop\/s$/m);
    expect(stdout).toContain('no worker can start: there is no kernel "abacus"');
    expect(stdout).not.toContain('in use');
    expect(stdout).toContain('fashion-mnist-mini  complete, 7,000 + 1,000 records');
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .every((line) => line.length <= 80 || line.includes(folder)),
    ).toBe(true);
  });
});
