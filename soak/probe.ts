/**
 * Loaded into the sidecar's process ahead of its bundle (`node --import`): answers over the process channel how the process
 * is, and stands in for the kernel's connection tracking, so that no namespace and no redirect is needed. The sidecar
 * asks libc for `SO_ORIGINAL_DST`; here the answer is looked up by the client's address, `127.77.0.N`.
 */
import { registerHooks } from 'node:module';
import { VitalSigns } from './vitals.ts';

/** Beside this file once both are built. */
const STAND_IN = new URL('./original-destination-stand-in.mjs', import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'node:ffi' && context.parentURL !== STAND_IN
      ? { url: STAND_IN, shortCircuit: true }
      : next(specifier, context),
});

const signs = new VitalSigns();

process.on('message', (question: { readonly id: number; readonly objects: boolean }) => {
  process.send!({ id: question.id, vitals: signs.take(question.objects) });
});
/** The channel is no reason to stay, and without it nobody is left to stop the sidecar. */
process.channel?.unref();
process.on('disconnect', () => process.exit(1));
