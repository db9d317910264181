/*
 * npm's `install` and `build:native`: builds the native kernel where a C compiler and Python 3 are. Without it the WASM kernel gives the
 * same bits, so an installation never fails for want of it.
 *
 *   node install.cjs            silent, succeeds in any case
 *   node install.cjs --verbose  shows the build's output, and fails when the build does
 */
const { spawnSync } = require('node:child_process');
const { existsSync, rmSync } = require('node:fs');
const { dirname, join } = require('node:path');

const ROOT = join(__dirname, '../../../..');
/** A build that hangs, say in a download of headers, must not hold up an installation for ever. */
const LIMIT_MS = 5 * 60_000;

function main(verbose) {
  const explain = (reason) => {
    if (verbose) console.error(`the native kernel is not built: ${reason}`);
    return false;
  };
  // What an earlier build left must not be taken for this one.
  rmSync(join(ROOT, 'build'), { recursive: true, force: true });
  if (process.platform === 'win32') return explain('it needs GCC or Clang, and is not made for Windows');
  if (!['x64', 'arm64'].includes(process.arch))
    return explain(`it has no code for ${process.arch}, only x64 and arm64`);

  const gyp = nodeGyp();
  const headers = join(dirname(process.execPath), '..');
  const ownHeaders = existsSync(join(headers, 'include/node/node_api.h')) ? [`--nodedir=${headers}`] : [];
  const { status, error } = spawnSync(gyp.command, [...gyp.arguments, 'rebuild', ...ownHeaders], {
    cwd: ROOT,
    stdio: verbose ? 'inherit' : 'ignore',
    timeout: LIMIT_MS,
  });
  if (status === 0) return true;
  rmSync(join(ROOT, 'build'), { recursive: true, force: true });
  return explain(error?.message ?? `node-gyp ended with ${status}`);
}

/** The node-gyp that npm brings along and names to its scripts. */
function nodeGyp() {
  const script = process.env.npm_config_node_gyp;
  return script === undefined || script === ''
    ? { command: 'node-gyp', arguments: [] }
    : { command: process.execPath, arguments: [script] };
}

const verbose = process.argv.includes('--verbose');
if (!main(verbose) && verbose) process.exitCode = 1;
