import { request } from 'node:http';
import { AUTHORITY } from './request-head.ts';

/** One request to the service through a port of this machine; POST when there is a body. Rejects unless the answer is a 200. */
export function call(port: number, path: string, body?: Buffer): Promise<string> {
  const method = body === undefined ? 'GET' : 'POST';
  const headers = {
    host: AUTHORITY,
    ...(body !== undefined && { 'content-length': body.length }),
  };
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method, headers, agent: false, timeout: 10_000 };
    const sent = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('latin1');
        if (response.statusCode === 200) resolve(text);
        else
          reject(
            new Error(`port ${port} answered ${path} with ${response.statusCode}: ${text.slice(0, 200)}`),
          );
      });
    });
    sent.on('timeout', () => sent.destroy(new Error(`port ${port} did not answer ${path}`)));
    sent.on('error', reject).end(body);
  });
}
