import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { doctorText, type DoctorReport } from '../../../worker/cli/doctor-text.js';
import { formatBytes } from '../../../worker/cli/output.js';
import { transferLine, transferProgress } from '../../../worker/cli/transfer-progress.js';

describe('formatBytes', () => {
  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1000, '1.0 kB'],
    [9949, '9.9 kB'],
    [9950, '10 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [184_380_000, '184 MB'],
    [2 ** 53, '9007 TB'],
  ])('%i is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('transferLine', () => {
  const transfer = { file: 'cifar-10-binary.tar.gz', received: 71_000_000, total: 170_052_171, bytesPerSecond: 3.2e6 };

  it('fits what matters into 80 columns', () => {
    expect(transferLine(transfer, 80)).toBe('cifar-10-binary.tar.gz [####......] 41 % of 170 MB, 3.2 MB/s, 0:31 left');
    expect(transferLine({ ...transfer, received: transfer.total }, 80)).toBe(
      'cifar-10-binary.tar.gz [##########] 100 % of 170 MB, 3.2 MB/s',
    );
    expect(transferLine({ ...transfer, total: undefined }, 80)).toBe('cifar-10-binary.tar.gz 71 MB, 3.2 MB/s');
    expect(transferLine({ ...transfer, bytesPerSecond: 1 }, 80)).toMatch(/, >99 min left$/);
  });

  it('gives up the bar, then the name, in a narrow window', () => {
    expect(transferLine(transfer, 70)).toBe('cifar-10-binary.tar.gz 41 % of 170 MB, 3.2 MB/s, 0:31 left');
    expect(transferLine(transfer, 50)).toBe('…inary.tar.gz 41 % of 170 MB, 3.2 MB/s, 0:31 left');
    expect(transferLine(transfer, 30)).toMatch(/^ 41 % of 170 MB/);
  });

  it('never fills the last column', () => {
    const any = fc.record({
      file: fc.string({ minLength: 1, maxLength: 200 }),
      received: fc.nat(),
      total: fc.option(fc.integer({ min: 1 }), { nil: undefined }),
      bytesPerSecond: fc.double({ min: 0, max: 1e12, noNaN: true }),
    });
    fc.assert(
      fc.property(any, fc.integer({ min: 1, max: 200 }), (one, columns) => {
        expect(transferLine(one, columns).length).toBeLessThan(columns);
      }),
    );
  });
});

describe('transferProgress', () => {
  function stream(isTTY: boolean): { isTTY: boolean; columns: number; text: string; write: (text: string) => boolean } {
    return {
      isTTY,
      columns: 80,
      text: '',
      write(text) {
        this.text += text;
        return true;
      },
    };
  }

  it('writes some plain lines where there is no terminal', () => {
    const out = stream(false);
    const progress = transferProgress(out, {});
    for (let received = 0; received <= 1000; received++) progress.update('a.gz', received * 1000, 1_000_000);
    progress.note('checked a');
    for (let received = 0; received <= 40; received++) progress.update('b.gz', received * 1_000_000, undefined);
    progress.end();
    const lines = out.text.trimEnd().split('\n');
    expect(lines.slice(0, 3)).toEqual(['a.gz: 0 bytes of 1.0 MB', 'a.gz: 100 kB of 1.0 MB', 'a.gz: 200 kB of 1.0 MB']);
    expect(lines.slice(10)).toEqual([
      'a.gz: 1.0 MB of 1.0 MB',
      'checked a',
      'b.gz: 0 bytes',
      'b.gz: 16 MB',
      'b.gz: 32 MB',
    ]);
    expect(out.text).not.toContain('\x1b');
    expect(out.text).not.toContain('\r');
  });

  it('takes a terminal that tells no width for one of 80 columns', () => {
    const out = { ...stream(true), columns: 0 };
    const progress = transferProgress(out, {});
    progress.update('a.gz', 500_000, 1_000_000);
    progress.end();
    expect(out.text).toContain('a.gz [#####.....] 50 % of 1.0 MB');
  });

  it('draws on a terminal, and leaves Ctrl-C and line wrapping alone', () => {
    const out = stream(true);
    const before = process.listenerCount('SIGINT');
    const progress = transferProgress(out, {});
    progress.update('a.gz', 0, 1_000_000);
    progress.update('a.gz', 500_000, 1_000_000);
    expect(process.listenerCount('SIGINT')).toBe(before);
    progress.note('cut; trying again');
    progress.end();
    expect(out.text).toContain('a.gz [#####.....] 50 % of 1.0 MB');
    expect(out.text).toMatch(/\ncut; trying again\n$/);
    expect(out.text).not.toContain('\x1b[?7l');
  });

  it('takes a dumb terminal for none', () => {
    const out = stream(true);
    transferProgress(out, { TERM: 'dumb' }).update('a.gz', 0, 10);
    expect(out.text).toBe('a.gz: 0 bytes of 10 bytes\n');
  });
});

describe('doctorText', () => {
  const report: DoctorReport = {
    versions: { vernier: '1.2.3', protocol: 1, numerics: '1' },
    node: 'v20.20.2',
    platform: 'linux x64',
    processor: 'Some Processor',
    cores: 2,
    memoryBytes: 8e9,
    kernels: [
      { name: 'reference', available: true, stepMs: 94.234, gflops: 0.652 },
      { name: 'wasm', available: false, reason: 'the wasm kernel needs SIMD that this one lacks', mend: 'get another' },
      { name: 'native', width: 'avx512vl', available: true, stepMs: 0.4123, gflops: 149.01 },
    ],
    kernelInUse: 'native (avx512vl)',
    kernelProblem: null,
    dataDir: '/cache/vernier/data',
    dataProblem: null,
    datasets: [
      {
        name: 'mnist',
        state: 'incomplete',
        source: 'catalogue',
        directory: '/x',
        bytes: 3,
        downloadedBytes: 0,
        problem: 'a is missing',
      },
    ],
    store: '/share/vernier/searches.db',
    storeBytes: null,
  };

  it('tells what there is, and why something is not', () => {
    expect(doctorText(report).split('\n')).toEqual([
      'vernier       1.2.3, protocol 1, numerics 1',
      'node          v20.20.2, linux x64',
      'cores         2 (Some Processor)',
      'memory        8.0 GB',
      'kernels       reference           94.23 ms a step   0.7 Gflop/s',
      '              wasm               not here: the wasm kernel needs SIMD that this',
      '                                 one lacks; get another',
      '              native (avx512vl)    0.41 ms a step   149 Gflop/s  in use',
      'data folder   /cache/vernier/data',
      'data sets     mnist  incomplete: a is missing',
      'searches      /share/vernier/searches.db (none yet)',
    ]);
  });

  it('says when the kernel that is asked for cannot be used, and what is wrong with the data folder', () => {
    const text = doctorText({
      ...report,
      kernelInUse: null,
      kernelProblem:
        'there is no kernel "abacus"; choose one of reference, wasm, native, or leave it out for the fastest',
      dataProblem: 'no permission',
      datasets: [],
      storeBytes: 5,
    });
    expect(text).toContain(
      '\n              no worker can start: there is no kernel "abacus"; choose one of\n              reference, wasm, native, or leave it out for the fastest\n',
    );
    expect(text).not.toContain('in use');
    expect(text).toContain('/cache/vernier/data\n              no permission\n');
    expect(text).toMatch(/searches\.db$/);
  });
});
