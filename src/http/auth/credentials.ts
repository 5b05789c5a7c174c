import { createHash, timingSafeEqual } from 'node:crypto';

/** What a request offers as proof of who it is. */
export type Offer =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'pair'; readonly publicKey: string; readonly secretKey: string }
  | { readonly kind: 'unreadable' };

/** The secrets that this server accepts. */
export interface AcceptedCredentials {
  readonly bearerToken?: string;
  readonly publicKey?: string;
  readonly secretKey?: string;
  /** Opens nothing but GET /metrics. */
  readonly metricsToken?: string;
}

/** Names the accepted credential that an offer matched; `public-key`: half of the pair, sent as a bearer token. */
export type KeyId = 'bearer-token' | 'key-pair' | 'public-key' | 'metrics-token';

/**
 * Reads `Authorization: Bearer token` or `Basic base64(public:secret)`, also with `%20` for the space, which is how
 * OTEL_EXPORTER_OTLP_HEADERS carries it, and `x-api-key: token` when there is no Authorization header.
 */
export function readOffer(authorization: string | undefined, apiKey?: string | string[]): Offer {
  if (authorization === undefined || authorization === '') {
    return typeof apiKey === 'string' && apiKey !== '' ? { kind: 'token', token: apiKey } : { kind: 'none' };
  }
  const match = /^(bearer|basic)(?: +|(?:%20)+|\++)(.+)$/i.exec(authorization);
  if (match === null) return { kind: 'unreadable' };
  const value = match[2]!.trim();
  if (match[1]!.toLowerCase() === 'bearer') return { kind: 'token', token: value };
  return readPair(value);
}

function readPair(encoded: string): Offer {
  // The padding may be URL-encoded as well: `cGs6c2s%3D`.
  const base64 = encoded.replace(/%(3D|2B|2F)/gi, (escape) => decodeURIComponent(escape));
  if (!/^[\w+/-]+={0,2}$/.test(base64)) return { kind: 'unreadable' };
  const pair = Buffer.from(base64, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon === -1) return { kind: 'unreadable' };
  return { kind: 'pair', publicKey: pair.slice(0, colon), secretKey: pair.slice(colon + 1) };
}

/**
 * Compares offers with the accepted credentials in a time that depends only on the length of what was offered, which
 * the caller knows anyway. A credential that is missing or empty in `accepted` matches nothing.
 */
export class CredentialCheck {
  private readonly token: Buffer | undefined;
  private readonly pair: Buffer | undefined;
  private readonly publicKey: Buffer | undefined;
  private readonly metricsToken: Buffer | undefined;

  constructor(accepted: AcceptedCredentials) {
    const { bearerToken, publicKey, secretKey, metricsToken } = accepted;
    if (bearerToken) this.token = digest(bearerToken);
    if (publicKey && secretKey) {
      this.pair = pairDigest(publicKey, secretKey);
      this.publicKey = digest(publicKey);
    }
    if (metricsToken) this.metricsToken = digest(metricsToken);
  }

  match(offer: Offer): KeyId | undefined {
    if (offer.kind === 'token') {
      const offered = digest(offer.token);
      if (isSame(this.token, offered)) return 'bearer-token';
      if (isSame(this.metricsToken, offered)) return 'metrics-token';
      return isSame(this.publicKey, offered) ? 'public-key' : undefined;
    }
    if (offer.kind === 'pair') {
      return isSame(this.pair, pairDigest(offer.publicKey, offer.secretKey)) ? 'key-pair' : undefined;
    }
    return undefined;
  }
}

function isSame(expected: Buffer | undefined, offered: Buffer): boolean {
  return expected !== undefined && timingSafeEqual(expected, offered);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Digest of the two digests: one comparison, and no pair can be split elsewhere to look like another. */
function pairDigest(publicKey: string, secretKey: string): Buffer {
  return createHash('sha256').update(digest(publicKey)).update(digest(secretKey)).digest();
}
