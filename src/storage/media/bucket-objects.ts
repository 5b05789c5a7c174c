import { AwsV4Signer } from 'aws4fetch';
import { request as requestHttp, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { Logger } from '@nestjs/common';
import { type MediaConfig } from '../../config/media-settings.js';
import { Unavailable } from '../../domain/errors.js';
import { type MediaObject, type MediaObjectFacts, type MediaObjects } from './media-objects.js';

/** Of silence on the line. */
const TIMEOUT_MS = 30_000;
/** What is read of an answer that says why something failed. */
const MAX_REASON_BYTES = 4096;
/** Of no bytes at all: what requests without a body are signed with. */
const SHA256_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Where a bucket is and who may use it. */
export interface Bucket {
  /** Of the bucket, with a slash at the end. */
  readonly url: string;
  readonly prefix: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The bucket of the settings; undefined when they name none. */
export function bucketOf(config: MediaConfig): Bucket | undefined {
  const { mediaS3Bucket, mediaS3AccessKeyId, mediaS3SecretAccessKey, mediaS3Region } = config;
  if (mediaS3Bucket === undefined || mediaS3AccessKeyId === undefined || mediaS3SecretAccessKey === undefined)
    return undefined;
  const endpoint = new URL(config.mediaS3Endpoint ?? `https://s3.${mediaS3Region}.amazonaws.com`);
  const path = endpoint.pathname.replace(/\/+$/, '');
  const url = config.mediaS3PathStyle
    ? `${endpoint.origin}${path}/${mediaS3Bucket}/`
    : `${endpoint.protocol}//${mediaS3Bucket}.${endpoint.host}${path}/`;
  return {
    url,
    prefix: config.mediaS3Prefix ?? '',
    region: mediaS3Region,
    accessKeyId: mediaS3AccessKeyId,
    secretAccessKey: mediaS3SecretAccessKey,
  };
}

/**
 * Objects in a bucket of an S3-compatible store. Bytes go through this server in both directions, so that clients need
 * no way to the bucket, which needs no rules for them, and what is stored has been looked at.
 */
export class BucketObjects implements MediaObjects {
  readonly store = 's3';
  private readonly logger = new Logger('MediaBucket');

  constructor(private readonly bucket: Bucket) {}

  async put(object: MediaObject, facts: MediaObjectFacts, source: AsyncIterable<Buffer>): Promise<void> {
    const headers = {
      'content-type': facts.contentType,
      'content-length': String(facts.contentLength),
      // Stores that look at it refuse other bytes, even if they got lost only on the way from here.
      'x-amz-content-sha256': Buffer.from(facts.sha256, 'base64').toString('hex'),
    };
    (await this.send('PUT', object, headers, source)).resume();
  }

  async *read(object: MediaObject, { from, to }: { from: number; to: number }): AsyncIterable<Buffer> {
    const answer = await this.send('GET', object, { range: `bytes=${from}-${to}` });
    // A store may send all that it has, range or not (RFC 9110 §14.2).
    let at = answer.statusCode === 206 ? from : 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      const wanted = chunk.subarray(Math.max(0, from - at), Math.max(0, to + 1 - at));
      if (wanted.length > 0) yield wanted;
      at += chunk.length;
      if (at > to) break;
    }
    if (at <= to) throw new Error(`the object ${object.objectId} ends at ${at}`);
  }

  async remove(object: MediaObject): Promise<void> {
    const answer = await this.send('DELETE', object);
    await finished(answer.resume());
  }

  /** Resolves with a good answer, its body unread. */
  private async send(
    method: 'PUT' | 'GET' | 'DELETE',
    { project, objectId }: MediaObject,
    headers: Record<string, string> = {},
    body?: AsyncIterable<Buffer>,
  ): Promise<IncomingMessage> {
    const { url, prefix, region, accessKeyId, secretAccessKey } = this.bucket;
    const signed = await new AwsV4Signer({
      method,
      url: `${url}${prefix}${project.no}/${objectId}`,
      headers: { 'x-amz-content-sha256': SHA256_OF_NOTHING, ...headers },
      service: 's3',
      region,
      accessKeyId,
      secretAccessKey,
    }).sign();
    // The signer leaves out the length, which is not signed.
    const sent: OutgoingHttpHeaders = { ...headers, ...Object.fromEntries(signed.headers) };
    const answer = await exchange(signed.url, method, sent, body);
    const status = answer.statusCode ?? 0;
    // An object that is gone already is what a removal asks for.
    if ((status >= 200 && status < 300) || (method === 'DELETE' && status === 404)) return answer;
    this.logger.error(`${method} was answered ${status}: ${await reasonOf(answer)}`);
    throw new Unavailable('the store of files refuses the request: the log of the server says why');
  }
}

async function exchange(
  url: URL,
  method: string,
  headers: OutgoingHttpHeaders,
  body: AsyncIterable<Buffer> | undefined,
): Promise<IncomingMessage> {
  const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, { method, headers });
  request.setTimeout(TIMEOUT_MS, () => request.destroy(new Error('the store of files is silent')));
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', () => reject(new Unavailable('the store of files does not answer')));
  });
  answered.catch(() => undefined);
  let bodyError: Error | undefined;
  let isSourceDone = false;
  const sent = (async function* () {
    try {
      if (body !== undefined) yield* body;
      isSourceDone = true;
    } catch (error) {
      bodyError = error as Error;
      throw error;
    }
  })();
  try {
    await pipeline(Readable.from(sent), request);
  } catch {
    // Of the source: its own words. Of the line, which an early answer may have closed: that answer, if there is one.
    if (!isSourceDone && bodyError !== undefined) throw bodyError;
  }
  return answered;
}

/** The store's own words, `<Code>AccessDenied</Code>` and the like; never a key of ours. */
async function reasonOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer) {
    text += String(chunk);
    if (text.length > MAX_REASON_BYTES) break;
  }
  return /<Code>[^<]*<\/Code>/.exec(text)?.[0].slice(6, -7) ?? 'no reason given';
}
