/** What is read goes to HOST PORT, what comes back is printed: `date | node nc.ts tcp-echo 9000`. */
import { connect } from 'node:net';

const [, , host = '127.0.0.1', port = '9000'] = process.argv;
const socket = connect({ host, port: Number(port), allowHalfOpen: true });
socket.on('error', (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
process.stdin.pipe(socket).pipe(process.stdout);
