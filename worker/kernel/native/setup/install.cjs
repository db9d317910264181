/*
 * npm's `install`, and a part of `build`: builds the native kernel where a C compiler and Python 3 are, unless a build of these sources
 * is there. Without it the WASM kernel gives the same bits, so nothing fails for want of it.
 *
 *   node install.cjs            silent, succeeds in any case
 *   node install.cjs --verbose  (npm run build:native) builds again, shows the output, and fails when the build does
 */
const { spawnSync } = require('node:child_process');
const { existsSync, rmSync } = require('node:fs');
const path = require('node:path');
const { sourceDigest } = require('./source-digest.cjs');

const ROOT = path.join(__dirname, '../../../..');
/** A build that hangs, say in a download of headers, must not hold up an installation for ever. */
const LIMIT_MS = 5 * 60_000;

function main(verbose) {
  const explain = (reason) => {
    if (verbose) console.error(`the native kernel is not built: ${reason}`);
    return false;
  };
  if (!verbose && isBuilt()) return true;
  rmSync(path.join(ROOT, 'build'), { recursive: true, force: true });
  if (process.platform === 'win32') return explain('it needs GCC or Clang, and is not made for Windows');
  if (!['x64', 'arm64'].includes(process.arch))
    return explain(`it has no code for ${process.arch}, only x64 and arm64`);

  const gyp = nodeGyp();
  const headers = path.join(path.dirname(process.execPath), '..');
  const ownHeaders = existsSync(path.join(headers, 'include/node/node_api.h')) ? [`--nodedir=${headers}`] : [];
  const { status, error } = spawnSync(gyp.command, [...gyp.arguments, 'rebuild', ...ownHeaders], {
    cwd: ROOT,
    stdio: verbose ? 'inherit' : 'ignore',
    timeout: LIMIT_MS,
  });
  if (status === 0) return true;
  rmSync(path.join(ROOT, 'build'), { recursive: true, force: true });
  return explain(error?.message ?? `node-gyp ended with ${status}`);
}

/** Asked of a process of its own: what a build that was broken off left may end the process that loads it. */
function isBuilt() {
  const file = path.join(ROOT, 'build/Release/vernier_kernel.node');
  if (!existsSync(file)) return false;
  const tell = 'process.stdout.write(require(process.argv[1]).sources)';
  return spawnSync(process.execPath, ['-e', tell, file]).stdout?.toString() === sourceDigest();
}

/** The node-gyp that npm brings along and names to its scripts. */
function nodeGyp() {
  const script = process.env.npm_config_node_gyp;
  return script === undefined || script === ''
    ? { command: 'node-gyp', arguments: [] }
    : { command: process.execPath, arguments: [script] };
}

const verbose = process.argv.includes('--verbose');
try {
  if (!main(verbose) && verbose) process.exitCode = 1;
} catch (error) {
  // A folder that cannot be written to, say.
  if (verbose) throw error;
}
