import { z } from 'zod';
import type { OciSeccomp, OciSyscallRule } from './spec.ts';

/**
 * The profile file that container engines share (`seccomp.json` of containers-common, the form that Docker began): an
 * allow-list with conditions on architecture and capabilities, which the OCI runtime does not know and which are decided here.
 */
const Condition = z
  .object({ caps: z.array(z.string()).nullish(), arches: z.array(z.string()).nullish() })
  .nullish();
export const EngineProfile = z.object({
  defaultAction: z.string(),
  defaultErrnoRet: z.int().nullish(),
  syscalls: z.array(
    z.object({
      names: z.array(z.string()),
      action: z.string(),
      errnoRet: z.int().nullish(),
      args: z
        .array(
          z.object({ index: z.int(), value: z.number(), valueTwo: z.number().nullish(), op: z.string() }),
        )
        .nullish(),
      includes: Condition,
      excludes: Condition,
    }),
  ),
});
export type EngineProfile = z.infer<typeof EngineProfile>;
type EngineRule = EngineProfile['syscalls'][number];

/** Machine architectures as Node names them, in the words of the profile and of libseccomp. */
const ARCHITECTURES: Readonly<Record<string, { readonly profile: string; readonly seccomp: string }>> = {
  x64: { profile: 'amd64', seccomp: 'SCMP_ARCH_X86_64' },
  arm64: { profile: 'arm64', seccomp: 'SCMP_ARCH_AARCH64' },
};

/** libseccomp's names of the one architecture that containers may use: others cost start-up time and open doors. */
export function seccompArchitectures(arch: string): string[] {
  const known = ARCHITECTURES[arch];
  return known === undefined ? [] : [known.seccomp];
}

/** The profile for one architecture and one set of capabilities. Pure. */
export function convertProfile(
  profile: EngineProfile,
  arch: string,
  capabilities: readonly string[],
): OciSeccomp {
  const held = new Set(capabilities);
  const name = ARCHITECTURES[arch]?.profile ?? arch;
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet == null ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    architectures: seccompArchitectures(arch),
    syscalls: profile.syscalls.filter((rule) => applies(rule, name, held)).map(toOciRule),
  };
}

function applies({ includes, excludes }: EngineRule, arch: string, held: ReadonlySet<string>): boolean {
  if (includes?.arches != null && includes.arches.length > 0 && !includes.arches.includes(arch)) return false;
  if (includes?.caps != null && !includes.caps.every((capability) => held.has(capability))) return false;
  if (excludes?.arches?.includes(arch) === true) return false;
  return excludes?.caps?.some((capability) => held.has(capability)) !== true;
}

function toOciRule(rule: EngineRule): OciSyscallRule {
  const args = rule.args ?? [];
  return {
    names: rule.names,
    action: rule.action,
    ...(rule.errnoRet == null ? {} : { errnoRet: rule.errnoRet }),
    ...(args.length === 0
      ? {}
      : {
          args: args.map(({ index, value, valueTwo, op }) => ({
            index,
            value,
            op,
            ...(valueTwo == null ? {} : { valueTwo }),
          })),
        }),
  };
}
