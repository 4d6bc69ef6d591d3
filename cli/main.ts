/**
 * `weft VERB …`. Only the verb that was asked for is loaded: that, and V8's compile cache, keep `weft --help` and
 * `weft get` quick although they are TypeScript.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/weft', import.meta.url)));
const { run } = await import('./program.ts');
await run(process);
