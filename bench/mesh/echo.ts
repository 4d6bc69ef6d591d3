/** Answers every request with the version that its deployment was given: what the change bench watches for. */
import { createServer } from 'node:http';

createServer((_request, response) => {
  response.end(process.env['VERSION']);
}).listen(8080);
