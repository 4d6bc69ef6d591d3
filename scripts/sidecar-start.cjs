/**
 * `main.cjs CONFIG.json` of a bundled sidecar: runs `sidecar.js`, which stands beside it, with what V8 compiled of it when it
 * was bundled (docs/decisions/015). What another Node compiled, or one with flags that matter, V8 does not take: then it
 * compiles as ever.
 */
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

const filename = join(__dirname, 'sidecar.js');
/** The bundle is ASCII: one byte a character. */
const source = readFileSync(filename, 'latin1');

function compiledBefore() {
  try {
    return readFileSync(join(__dirname, 'sidecar.cache'));
  } catch {
    return undefined;
  }
}

new Script(source, { filename, cachedData: compiledBefore() }).runInThisContext()(require);
