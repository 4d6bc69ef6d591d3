import type { Scenario } from '../scenario.ts';
import { download } from './download.ts';
import { upload } from './upload.ts';

export const HTTP1_SCENARIOS: readonly Scenario[] = [
  download('http1', 'answers of 1 KiB over 32 connections', {
    path: '/1k',
    connections: 32,
    inbound: true,
    weight: 'goal',
  }),
  download('http1-small', 'answers of 2 bytes over 32 connections', { path: '/tiny', connections: 32 }),
  download('http1-large', 'answers of 1 MiB over 32 connections', {
    path: '/1m',
    connections: 32,
    byByte: true,
  }),
  download('http1-c1', 'answers of 1 KiB over one connection', { path: '/1k', connections: 1 }),
  download('http1-c512', 'answers of 1 KiB over 512 connections', { path: '/1k', connections: 512 }),
  upload,
];
