import { Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import {
  coordinatorOption,
  countOption,
  parallelOption,
  seedOption,
  storeOption,
} from '../../../coordinator/cli/options.js';
import { kernelOption, listenAddress, seconds, sideBySideOption } from '../../../proto/cli-options.js';

/** What the options become, or what the user is told. */
function parse(...args: string[]): Record<string, unknown> | string {
  const command = new Command('x')
    .addOption(coordinatorOption())
    .addOption(storeOption())
    .addOption(seedOption())
    .addOption(kernelOption())
    .addOption(sideBySideOption())
    .addOption(countOption('--limit <n>', ''))
    .addOption(parallelOption('--threads <n>', ''))
    .addOption(new Option('--listen <a>').argParser(listenAddress))
    .addOption(new Option('--grace <s>').argParser(seconds))
    .configureOutput({ writeErr: () => undefined })
    .exitOverride();
  try {
    const { sideBySide, ...others } = command.parse(args, { from: 'user' }).opts<{ sideBySide: unknown }>();
    return sideBySide === 'auto' ? others : { ...others, sideBySide };
  } catch (error) {
    return (error as Error).message;
  }
}

describe('option values', () => {
  it.each([
    ['0', 0],
    ['42', 42],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('--seed %s', (text, seed) => expect(parse('--seed', text)).toEqual({ seed }));

  it.each(['1.5', '-1', '', ' 5', '1e3', '0x10', '9007199254740992', '9007199254740993', 'NaN', 'seven'])(
    '--seed %j is refused with what is allowed',
    (text) =>
      expect(parse(`--seed=${text}`)).toBe(
        `error: option '--seed <n>' argument '${text}' is invalid. It must be a whole number from 0 to 9007199254740991.`,
      ),
  );

  it.each(['0', '-2', '1.5', '1e1', '', '99999999999999999999'])('--limit %j is refused', (text) =>
    expect(parse(`--limit=${text}`)).toContain('It must be a whole number of at least 1.'),
  );

  it.each(['1', '8'])('--side-by-side %s', (text) =>
    expect(parse('--side-by-side', text)).toEqual({ sideBySide: Number(text) }),
  );

  it.each(['0', '9', '-1', '1.5', '', 'Auto', 'many'])('--side-by-side %j is refused', (text) =>
    expect(parse(`--side-by-side=${text}`)).toContain('It must be a whole number from 1 to 8, or auto.'),
  );

  it('takes as many threads as a machine may have', () => {
    expect(parse('--threads', '1024')).toEqual({ threads: 1024 });
  });

  it.each(['0', '-2', '1.5', '1e1', '', '1025', '100000'])('--threads %j is refused', (text) =>
    expect(parse(`--threads=${text}`)).toContain('It must be a whole number from 1 to 1024.'),
  );

  it.each(['127.0.0.1:7077', 'host.example:1', '[::1]:65535'])('--coordinator %s', (text) =>
    expect(parse('--coordinator', text)).toEqual({ coordinator: text }),
  );

  it.each(['127.0.0.1', 'host:0', 'host:65536', 'http://host:7077', ':7077', 'a b:1', '::1:7077'])(
    '--coordinator %j is refused',
    (text) => expect(parse('--coordinator', text)).toContain('It must be HOST:PORT with a port of 1 to 65535'),
  );

  it('takes port 0 to listen on, and no less', () => {
    expect(parse('--listen', '127.0.0.1:0')).toEqual({ listen: '127.0.0.1:0' });
    expect(parse('--listen', '127.0.0.1')).toContain('a port of 0 (any free one) to 65535');
  });

  it('takes no negative or missing number of seconds', () => {
    expect(parse('--grace', '0.5')).toEqual({ grace: 0.5 });
    for (const text of ['-1', '', 'x']) expect(parse(`--grace=${text}`)).toContain('not negative');
  });

  it('takes a coordinator or a store', () => {
    expect(parse('--coordinator', 'a:1', '--store', 'b')).toContain("cannot be used with option '--store <file>'");
  });

  it('knows the kernels', () => {
    expect(parse('--kernel', 'wasm')).toEqual({ kernel: 'wasm' });
    expect(parse('--kernel', 'cuda')).toContain('Allowed choices are reference, wasm, native.');
  });
});
