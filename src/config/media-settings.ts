import { type Setting, boolean, integer, secretText, visibleAscii } from './setting.js';

/** Where files of traces are kept, and how others reach them. */
export interface MediaConfig {
  /** Absolute, without a slash at the end; absent = taken from each request. */
  readonly publicUrl?: string;
  /** Of one file. */
  readonly mediaMaxBytes: number;
  /** Data URIs in base64 are moved out of inputs, outputs and metadata. */
  readonly mediaExtractBase64: boolean;
  /** Absent = files are kept in PostgreSQL. */
  readonly mediaS3Bucket?: string;
  /** Absent = that of AWS in the region. Without a slash at the end. */
  readonly mediaS3Endpoint?: string;
  readonly mediaS3Region: string;
  readonly mediaS3AccessKeyId?: string;
  readonly mediaS3SecretAccessKey?: string;
  /** Before every key; empty or ending in a slash, unless told otherwise. */
  readonly mediaS3Prefix?: string;
  /** The bucket stands in the path, not in the host name. */
  readonly mediaS3PathStyle: boolean;
}

const MIB = 1024 * 1024;
/** Langfuse's own limit (langfuse.md §2.9). */
const MAX_MEDIA_BYTES = 1024 * MIB;

/** An http(s) address without credentials, query and fragment; a slash at its end is dropped. */
function httpUrl(): Pick<Setting<string>, 'expected' | 'parse'> {
  return {
    expected: 'an http or https address such as https://xtrace.example.com, without query',
    parse: (text) => {
      if (!/^https?:\/\//i.test(text) || /[?#@]/.test(text) || !URL.canParse(text)) return undefined;
      return text.replace(/\/+$/, '');
    },
  };
}

/** Settings of {@link MediaConfig} in the order of `.env.example`. */
export const MEDIA_SETTINGS: {
  readonly [F in keyof MediaConfig]-?: Setting<NonNullable<MediaConfig[F]>>;
} = {
  publicUrl: {
    name: 'PUBLIC_URL',
    doc: 'Address at which clients reach this server, for links to files; unset: as the request was addressed, with TRUST_PROXY by X-Forwarded-Proto and X-Forwarded-Host',
    ...httpUrl(),
  },
  mediaMaxBytes: {
    name: 'MEDIA_MAX_BYTES',
    default: String(100 * MIB),
    doc: 'Largest file of a trace in bytes; larger is 413',
    ...integer(1, MAX_MEDIA_BYTES),
  },
  mediaExtractBase64: {
    name: 'MEDIA_EXTRACT_BASE64',
    default: 'off',
    doc: 'Move base64 data URIs out of inputs, outputs and metadata: each becomes a file and leaves a reference behind',
    ...boolean(),
  },
  mediaS3Bucket: {
    name: 'MEDIA_S3_BUCKET',
    doc: 'Bucket of an S3-compatible store that keeps files of traces; unset: PostgreSQL keeps them',
    expected: 'the name of a bucket',
    parse: (text) => (/^[\w.-]{1,255}$/.test(text) ? text : undefined),
  },
  mediaS3Endpoint: {
    name: 'MEDIA_S3_ENDPOINT',
    doc: 'Address of that store, such as https://minio.example.com:9000; unset: AWS in MEDIA_S3_REGION',
    ...httpUrl(),
  },
  mediaS3Region: {
    name: 'MEDIA_S3_REGION',
    default: 'us-east-1',
    doc: 'Region of the bucket',
    expected: 'letters, digits and -',
    parse: (text) => (/^[\w-]{1,100}$/.test(text) ? text : undefined),
  },
  mediaS3AccessKeyId: {
    name: 'MEDIA_S3_ACCESS_KEY_ID',
    doc: 'Access key that may read, write and delete objects of the bucket',
    expected: 'visible ASCII characters without spaces',
    parse: visibleAscii,
  },
  mediaS3SecretAccessKey: {
    name: 'MEDIA_S3_SECRET_ACCESS_KEY',
    doc: 'Its secret',
    ...secretText(),
  },
  mediaS3Prefix: {
    name: 'MEDIA_S3_PREFIX',
    doc: 'Beginning of every key in the bucket, such as xtrace/; unset: none',
    expected: 'letters, digits, - _ . and /',
    parse: (text) => (/^[\w./-]{1,500}$/.test(text) && !text.startsWith('/') ? text : undefined),
  },
  mediaS3PathStyle: {
    name: 'MEDIA_S3_PATH_STYLE',
    default: 'on',
    doc: 'Put the bucket into the path of the address; off: in front of the host name',
    ...boolean(),
  },
};

/** What no single variable of these shows. */
export function mediaContradictions(config: MediaConfig): string[] {
  const { mediaS3Bucket, mediaS3Endpoint, mediaS3AccessKeyId, mediaS3SecretAccessKey } = config;
  const bucket = MEDIA_SETTINGS.mediaS3Bucket.name;
  if (mediaS3Bucket === undefined) {
    return [
      [MEDIA_SETTINGS.mediaS3Endpoint, mediaS3Endpoint] as const,
      [MEDIA_SETTINGS.mediaS3AccessKeyId, mediaS3AccessKeyId] as const,
    ].flatMap(([{ name }, value]) => (value === undefined ? [] : [`${bucket} is unset while ${name} is set`]));
  }
  return [
    [MEDIA_SETTINGS.mediaS3AccessKeyId, mediaS3AccessKeyId] as const,
    [MEDIA_SETTINGS.mediaS3SecretAccessKey, mediaS3SecretAccessKey] as const,
  ].flatMap(([{ name }, value]) => (value === undefined ? [`${name} is unset while ${bucket} is set`] : []));
}
