/**
 * nginx, which passes requests on to itself: so it reads their bodies whatever their framing, and can say how long they
 * were.
 */
import { seen } from '../origin.ts';
import type { Program } from './program.ts';

export const NGINX: Program = {
  name: 'nginx',
  binaries: ['/usr/sbin/nginx', '/usr/bin/nginx'],
  args: (configFile) => ['-c', configFile],
  files: {},
  config: ({ directory, port }) => `
daemon off;
user root;
worker_processes 1;
pid ${directory}/pid;
error_log ${directory}/error.log;
events { worker_connections 256; }
http {
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  client_body_buffer_size 1m;
  client_max_body_size 1m;
  underscores_in_headers on;
  ignore_invalid_headers off;
  log_format seen escape=json '{"status":$status,"method":"$request_method","target":"$request_uri","host":"$http_host","body":"$request_body"}';
  map $content_length $body_bytes { '' 0; default $content_length; }
  server {
    listen 127.0.0.1:${port};
    access_log ${directory}/seen.log seen;
    location / {
      proxy_pass http://unix:${directory}/echo.sock;
      proxy_set_header X-Seen "$request_method $request_uri";
    }
  }
  server {
    listen unix:${directory}/echo.sock;
    access_log off;
    location / { return 200 "$http_x_seen $body_bytes"; }
  }
}
`,
  read: (line) => {
    if (line === '') return undefined;
    const { status, method, target, host, body } = JSON.parse(line);
    return status === 200 ? seen(method, target, body.length, host) : `refused ${status} ${method} ${target}`;
  },
};
