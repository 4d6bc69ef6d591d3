/**
 * `node keep-code.cjs SIDECAR_JS CACHE`: writes what V8 has compiled of a bundled sidecar once all of its modules have run: the
 * functions that its start needs, and no others. Without a configuration it would say how it is used next; it ends before.
 */
const { readFileSync, writeFileSync } = require('node:fs');
const { Script } = require('node:vm');

const [filename, cache] = process.argv.splice(2);
const script = new Script(readFileSync(filename, 'latin1'), { filename });
script.runInThisContext()(require);
writeFileSync(cache, script.createCachedData(), { mode: 0o644 });
process.exit(0);
