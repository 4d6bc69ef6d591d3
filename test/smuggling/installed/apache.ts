/** Apache with a CGI program that reads each body to its end and says what it got. */
import { existsSync } from 'node:fs';
import { seen } from '../origin.ts';
import type { Program } from './program.ts';

const ECHO = `#!/bin/sh
bytes=$(wc -c)
what="$REQUEST_METHOD $REQUEST_URI $bytes"
printf 'Content-Type: text/plain\\r\\nX-Seen: %s\\r\\nContent-Length: %d\\r\\n\\r\\n%s' "$what" "\${#what}" "$what"
`;

const MODULES = ['mpm_event', 'authz_core', 'alias', 'cgi', 'env'];
/** Built in where they are no files. */
const PERHAPS_MODULES = ['log_config', 'logio', 'unixd'];
const MODULE_DIRECTORIES = ['/usr/lib/apache2/modules', '/usr/lib64/httpd/modules', '/usr/lib/apache2'];

function modules(): string {
  const directory =
    MODULE_DIRECTORIES.find((path) => existsSync(`${path}/mod_cgi.so`)) ?? MODULE_DIRECTORIES[0];
  const present = PERHAPS_MODULES.filter((name) => existsSync(`${directory}/mod_${name}.so`));
  return [...MODULES, ...present]
    .map((name) => `LoadModule ${name}_module ${directory}/mod_${name}.so`)
    .join('\n');
}

export const APACHE: Program = {
  name: 'apache',
  binaries: ['/usr/sbin/apache2', '/usr/sbin/httpd'],
  args: (configFile) => ['-f', configFile, '-D', 'FOREGROUND'],
  files: { 'echo.cgi': ECHO },
  config: ({ directory, port }) => `
${modules()}
ServerRoot ${directory}
ServerName app.test
Listen 127.0.0.1:${port}
PidFile ${directory}/pid
Mutex file:${directory}
User nobody
ErrorLog ${directory}/error.log
LogFormat "%>s|%{X-Seen}o|%{Host}i|%r" seen
CustomLog ${directory}/seen.log seen
StartServers 1
ServerLimit 1
ThreadsPerChild 25
MaxRequestWorkers 25
MinSpareThreads 1
MaxSpareThreads 25
MaxKeepAliveRequests 0
KeepAliveTimeout 60
SetEnv ap_trust_cgilike_cl yes
AllowEncodedSlashes NoDecode
MergeSlashes Off
ScriptAliasMatch ".*" ${directory}/echo.cgi
<Directory ${directory}>
  Require all granted
  Options +ExecCGI
</Directory>
`,
  read: (line) => {
    if (line === '') return undefined;
    const [status, what, host, requestLine] = line.split('|') as [string, string, string, string];
    if (status !== '200' || what === '-') return `refused ${status} ${requestLine}`;
    const [method, target, body] = what.split(' ') as [string, string, string];
    return seen(method, target, body, host);
  },
};
