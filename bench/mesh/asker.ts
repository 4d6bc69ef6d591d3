/**
 * Sends requests to one URL at a steady pace and prints a line for every answer that differs from the one before:
 * `EPOCH-MS STATUS BODY`, and every second `# COUNT FAILED`. Stops by itself after the given number of seconds.
 *
 * Usage: node asker.ts URL REQUESTS-PER-SECOND SECONDS
 */
import { Agent, get } from 'node:http';

const [url = '', rate = '200', seconds = '60'] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: 32 });
/** How long an answer may take; also how long the last ones are waited for. */
const PATIENCE_MS = 5_000;
let count = 0;
let failed = 0;
let last = '';

function note(answer: string): void {
  count += 1;
  if (!answer.startsWith('200 ')) failed += 1;
  if (answer !== last) console.log(`${Date.now()} ${answer}`);
  last = answer;
}

function ask(): void {
  const request = get(url, { agent, timeout: PATIENCE_MS }, (response) => {
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      body += chunk;
    });
    response.on('end', () => note(`${response.statusCode} ${body.slice(0, 80)}`));
    response.on('error', (error) => note(`0 ${error.message}`));
  });
  request.on('timeout', () => request.destroy(new Error('no answer within 5 s')));
  request.on('error', (error) => note(`0 ${error.message}`));
}

const pace = setInterval(ask, 1000 / Number(rate));
const report = setInterval(() => console.log(`# ${count} ${failed}`), 1000);
setTimeout(() => {
  clearInterval(pace);
  clearInterval(report);
  setTimeout(() => {
    console.log(`# ${count} ${failed}`);
    agent.destroy();
  }, PATIENCE_MS);
}, Number(seconds) * 1000);
