import { WeftError } from '#api/foundation/errors.ts';
import { type HostUser, userOf } from '../host/user-of.ts';

/** The first of `names` that this host has. Throws a WeftError `UserUnknown`. */
export function firstUser(names: readonly string[]): HostUser {
  const user = names.map(userOf).find((found) => found !== undefined);
  if (user !== undefined) return user;
  throw new WeftError('UserUnknown', `this host has none of the users ${names.join(', ')}`, {
    remedy: `add one: useradd --system ${names[0]}`,
  });
}
