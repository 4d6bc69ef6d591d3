/** What an authoritative look-up finds. `nodata`: the name exists and has no record of the type. */
export type Reply =
  | {
      readonly found: 'records';
      readonly answers: readonly DnsRecord[];
      readonly additionals: readonly DnsRecord[];
    }
  | { readonly found: 'nodata' }
  | { readonly found: 'nxdomain' };

export type DnsRecord =
  | { readonly type: 'A'; readonly name: string; readonly address: string }
  | { readonly type: 'PTR'; readonly name: string; readonly target: string }
  | { readonly type: 'SRV'; readonly name: string; readonly target: string; readonly port: number };

export const NODATA: Reply = { found: 'nodata' };
export const NXDOMAIN: Reply = { found: 'nxdomain' };

export function records(answers: readonly DnsRecord[], additionals: readonly DnsRecord[] = []): Reply {
  return answers.length === 0 ? NODATA : { found: 'records', answers, additionals };
}
