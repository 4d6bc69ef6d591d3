/** Configurations of the programs that are measured beside the sidecar, and of the backend. */

/** Answers everything with 1 KiB. */
export function backendConfig(port: number, root: string): string {
  return nginx(
    root,
    `
    keepalive_requests 1000000000;
    server {
      listen 127.0.0.1:${port} backlog=4096;
      location / { return 200 "${'x'.repeat(1024)}"; }
    }`,
  );
}

/** One worker, kept-alive upstream connections, three headers added: what a sidecar does to a request. */
export function nginxConfig(port: number, backendPort: number, root: string): string {
  return nginx(
    root,
    `
    keepalive_requests 1000000000;
    upstream app { server 127.0.0.1:${backendPort}; keepalive 64; keepalive_requests 1000000000; }
    server {
      listen 127.0.0.1:${port} backlog=4096;
      location / {
        proxy_pass http://app;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        proxy_set_header X-Request-Id $request_id;
        proxy_set_header X-Forwarded-Proto http;
        proxy_set_header X-Peer-Metadata bench;
      }
    }`,
  );
}

function nginx(root: string, http: string): string {
  return `
  daemon off; worker_processes 1; pid ${root}/nginx.pid; error_log ${root}/error.log crit;
  events { worker_connections 8192; }
  http {
    access_log off; tcp_nodelay on;
    client_body_temp_path ${root}; proxy_temp_path ${root}; fastcgi_temp_path ${root};
    uwsgi_temp_path ${root}; scgi_temp_path ${root};
    ${http}
  }`;
}

/** One thread, kept-alive upstream connections, three headers added; \`tcp\` passes bytes through. */
export function haproxyConfig(mode: 'http' | 'tcp', port: number, backendPort: number): string {
  const added = `
    http-reuse always
    http-request set-header x-request-id %[uuid] unless { req.hdr(x-request-id) -m found }
    http-request set-header x-forwarded-proto http
    http-request set-header x-peer-metadata bench`;
  return `
  global
    nbthread 1
    maxconn 8192
  defaults
    mode ${mode}
    timeout connect 5s
    timeout client 60s
    timeout server 60s
  frontend in
    bind 127.0.0.1:${port}
    default_backend app
  backend app
    ${mode === 'http' ? added : ''}
    server app 127.0.0.1:${backendPort}
`;
}
