import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { membersOf } from '../../pod/members.ts';
import { containerLog } from '../../pod/pod-paths.ts';
import { containerRecord } from '../../pod/pod-record.ts';
import type { PodWorker } from '../../pod/pod-worker.ts';
import { Refusal } from '../status-reply.ts';
import { logOptions } from './log-options.ts';
import { readLog } from './read-log.ts';

export interface LogRequest {
  readonly worker: PodWorker;
  readonly container: string;
  readonly query: URLSearchParams;
  readonly podLogs: string;
  readonly nowMs: number;
}

/** Streams one container's log as plain text. */
export async function serveLogs(
  { worker, container, query, podLogs, nowMs }: LogRequest,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const options = logOptions(query, nowMs);
  const attempt = attemptOf(worker, container, options.previous);
  const path = containerLog(podLogs, worker.record.pod, container, attempt);
  if (!(await exists(path))) throw waiting(worker, container, options.previous);
  const gone = new AbortController();
  request.on('close', () => gone.abort());
  response.on('close', () => gone.abort());
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  response.flushHeaders();
  const isRunning = (): boolean => attemptRuns(worker, container, attempt);
  const text = readLog({ path, isRunning, signal: gone.signal }, options);
  await pipeline(Readable.from(text, { objectMode: false }), response).catch((error: unknown) => {
    if (!gone.signal.aborted) throw error;
  });
}

function attemptOf(worker: PodWorker, container: string, previous: boolean): number {
  const { record } = worker;
  if (!membersOf(record).some(({ name }) => name === container)) {
    throw new Refusal(400, `container ${container} is not valid for pod ${record.pod.metadata.name}`);
  }
  const { attempt } = containerRecord(record, container);
  if (!previous) return attempt;
  if (attempt === 0) throw waiting(worker, container, true);
  return attempt - 1;
}

function attemptRuns(worker: PodWorker, container: string, attempt: number): boolean {
  const sighting = worker.observed.sightings.get(container);
  return (
    sighting?.attempt === attempt && (sighting.view.state === 'running' || sighting.view.state === 'created')
  );
}

function waiting(worker: PodWorker, container: string, previous: boolean): Refusal {
  const { metadata } = worker.record.pod;
  return new Refusal(
    400,
    previous
      ? `previous terminated container "${container}" in pod "${metadata.name}" not found`
      : `container "${container}" in pod "${metadata.name}" is waiting to start`,
  );
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
