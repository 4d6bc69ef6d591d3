/** `node upload-sink.ts PORT`: reads request bodies to their end and answers how long they were. */
import { createServer } from 'node:http';

createServer({ keepAliveTimeout: 300_000 }, (request, response) => {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on('end', () => response.end(String(bytes)));
  request.on('error', () => response.destroy());
}).listen(Number(process.argv[2]), '127.0.0.1', 4_096);
