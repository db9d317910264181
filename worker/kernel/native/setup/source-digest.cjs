const { createHash } = require('node:crypto');
const { readdirSync, readFileSync } = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '../../../..');
const SOURCES = 'worker/kernel/native/source';

/**
 * Names what the native kernel is built from: SHA-256 over binding.gyp and the C sources. The build bakes it in and the
 * loader compares it, so that a build of other sources is never taken for one of these.
 */
function sourceDigest() {
  const files = readdirSync(path.join(ROOT, SOURCES))
    .filter((name) => /\.[ch]$/.test(name))
    .sort()
    .map((name) => `${SOURCES}/${name}`);
  const hash = createHash('sha256');
  for (const file of ['binding.gyp', ...files]) hash.update(`${file}\n`).update(readFileSync(path.join(ROOT, file)));
  return hash.digest('hex');
}

module.exports = { sourceDigest };

// binding.gyp asks for it so.
if (require.main === module) console.log(sourceDigest());
