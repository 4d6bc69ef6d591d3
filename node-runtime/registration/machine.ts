import { readFileSync } from 'node:fs';
import { arch, availableParallelism, release, totalmem } from 'node:os';
import type { Machine } from './node-object.ts';

/** Go's names, which Kubernetes uses. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

export function readMachine(): Machine {
  return {
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: release(),
    architecture: ARCHITECTURES[arch()] ?? arch(),
    osImage: /^PRETTY_NAME="?([^"\n]*)/m.exec(read('/etc/os-release'))?.[1] ?? 'Linux',
    bootId: read('/proc/sys/kernel/random/boot_id').trim(),
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
