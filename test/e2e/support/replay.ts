import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  PROJECT_ROOT,
  type RunningServer,
  TEST_PUBLIC_KEY,
  TEST_SECRET_KEY,
  TEST_TOKEN,
} from '../../support/server-process.js';
import { type JsonObject } from './api.js';

/** A request as test/interop/record.ts writes it down. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly [name: string, value: string][];
  readonly auth?: string;
  readonly body?: string;
  readonly bodyBase64?: string;
  readonly status: number;
  /** The id that the server made; the requests after it bear it. */
  readonly answeredId?: string;
}

export interface Replayed {
  readonly request: RecordedRequest;
  readonly status: number;
  readonly text: string;
  readonly json: JsonObject;
}

const BASIC = `Basic ${Buffer.from(`${TEST_PUBLIC_KEY}:${TEST_SECRET_KEY}`).toString('base64')}`;

function recording(name: string): RecordedRequest[] {
  return JSON.parse(
    readFileSync(join(PROJECT_ROOT, 'test/fixtures/clients', `${name}.json`), 'utf8'),
  ) as RecordedRequest[];
}

/** Sends it with the credentials of the tests in place of those of the recording. */
export async function send(server: RunningServer, request: RecordedRequest): Promise<Replayed> {
  const headers: [string, string][] = [...request.headers];
  if (request.auth !== undefined)
    headers.push(['authorization', request.auth === 'Basic' ? BASIC : `Bearer ${TEST_TOKEN}`]);
  const body = request.bodyBase64 === undefined ? request.body : Buffer.from(request.bodyBase64, 'base64');
  const answer = await fetch(server.url + request.path, { method: request.method, headers, body });
  const text = await answer.text();
  return { request, status: answer.status, text, json: text.startsWith('{') ? (JSON.parse(text) as JsonObject) : {} };
}

/** Sends what a client once sent, in the same order; ids that the server makes anew stand where the old ones stood. */
export async function sendRecording(server: RunningServer, name: string, upload?: Buffer): Promise<Replayed[]> {
  const answers: Replayed[] = [];
  const ids: [old: string, now: string][] = [];
  const renewed = (text: string) => ids.reduce((all, [old, now]) => all.replaceAll(old, now), text);
  for (const request of recording(name)) {
    const body = request.body === undefined ? undefined : renewed(request.body);
    const answer = await send(server, { ...request, path: renewed(request.path), body });
    answers.push(answer);
    const { id, uploadUrl } = answer.json;
    if (request.answeredId !== undefined && typeof id === 'string' && id !== request.answeredId)
      ids.push([request.answeredId, id]);
    // The recording has no uploads: they go to a signed address, past the proxy.
    if (typeof uploadUrl === 'string') await put(uploadUrl, body!, upload!);
  }
  return answers;
}

async function put(url: string, handshake: string, body: Buffer): Promise<void> {
  const { contentType, sha256Hash } = JSON.parse(handshake) as { contentType: string; sha256Hash: string };
  const headers = { 'content-type': contentType, 'x-amz-checksum-sha256': sha256Hash };
  const { status } = await fetch(url, { method: 'PUT', headers, body });
  if (status !== 200) throw new Error(`the upload was answered ${status}`);
}
