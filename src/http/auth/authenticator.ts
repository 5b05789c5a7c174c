import { Inject, Injectable } from '@nestjs/common';
import { normalizeIp } from '@nestjs/throttler';
import type { FastifyRequest } from 'fastify';
import { CONFIG, type Config } from '../../config/config.js';
import { type ApiKey, KeyDirectory } from '../../domain/api-key.js';
import { TooManyRequests, Unauthorized } from '../../domain/errors.js';
import { ProjectDirectory } from '../../domain/project.js';
import { routeTraits } from '../route-config.js';
import { TokenBuckets } from '../throttle/token-bucket.js';
import { type AcceptedCredentials, CredentialCheck, type KeyId, type Offer, readOffer } from './credentials.js';
import { AuthFailureStats } from './auth-failure-stats.js';
import { type Principal, principalOf, type Scope, setPrincipal } from './principal.js';

/** Injection token of the {@link AcceptedCredentials}. */
export const CREDENTIALS = Symbol('Credentials');

/** Failed authentications per client address; valid credentials never wait for it. */
const FAILURES_PER_SECOND = 10;
const FAILURES_AT_ONCE = 40;

/** Client addresses of one IPv6 subscriber share this many bits. */
const IPV6_SUBSCRIBER_BITS = 64;

/** What the credentials of the settings open, all in the project of the settings. */
const CONFIGURED_SCOPES: Readonly<Record<KeyId, readonly Scope[]>> = {
  'bearer-token': ['ingest', 'scores', 'read', 'admin', 'operator', 'metrics'],
  'key-pair': ['ingest', 'scores', 'read', 'admin', 'operator', 'metrics'],
  'public-key': ['scores'],
  'metrics-token': ['metrics'],
};

/** What a request tells of its sender, whatever protocol it came by. */
export interface Caller {
  /** Of the headers or the call metadata. */
  readonly authorization?: string;
  readonly apiKey?: string | string[];
  readonly address: string;
  /** What was called answers strangers in compat mode. */
  readonly isOpenInCompat: boolean;
}

/** Finds out who sent a request, from its headers alone. */
@Injectable()
export class Authenticator {
  private readonly check: CredentialCheck;
  private readonly failures = new TokenBuckets();
  private readonly isCompatOpen: boolean;

  constructor(
    @Inject(CONFIG) config: Config,
    @Inject(CREDENTIALS) credentials: AcceptedCredentials,
    private readonly projects: ProjectDirectory,
    private readonly keys: KeyDirectory,
    private readonly stats: AuthFailureStats,
  ) {
    this.check = new CredentialCheck(credentials);
    // A generated pair does not count: only one that somebody configured says that callers are meant to have it.
    this.isCompatOpen = config.allowUnauthenticatedCompat && config.publicKey === undefined;
  }

  /** Remembers the principal of `request` if its credentials are valid, or if the route needs none in compat mode. */
  identify(request: FastifyRequest): void {
    const principal = this.find(callerOf(request));
    if (principal !== undefined) setPrincipal(request, principal);
  }

  /**
   * The principal of `request`, identified before.
   * @throws Unauthorized without valid credentials, TooManyRequests after too many such failures from one address.
   */
  require(request: FastifyRequest): Principal {
    return principalOf(request) ?? this.refuse(callerOf(request));
  }

  /** The principal of `caller`; throws as {@link require}. */
  admit(caller: Caller): Principal {
    return this.find(caller) ?? this.refuse(caller);
  }

  private refuse(caller: Caller): never {
    const address = normalizeIp(caller.address, IPV6_SUBSCRIBER_BITS);
    const take = this.failures.take(address, FAILURES_AT_ONCE, FAILURES_PER_SECOND);
    if (!take.isAllowed) {
      this.stats.count('blocked');
      throw new TooManyRequests(
        'Too many failed authentications from this address',
        Math.max(1, Math.ceil(take.retryAfterMs / 1000)),
        new Date(Date.now() + take.retryAfterMs),
      );
    }
    const offer = offerOf(caller);
    this.stats.count(offer.kind === 'none' ? 'missing' : offer.kind === 'unreadable' ? 'unreadable' : 'wrong');
    throw new Unauthorized(complaint(offer));
  }

  /** The credentials of the settings come first: no key that somebody makes can take their place. */
  private find(caller: Caller): Principal | undefined {
    const offer = offerOf(caller);
    const keyId = this.check.match(offer);
    if (keyId !== undefined)
      return { project: this.projects.defaultProject(), scopes: CONFIGURED_SCOPES[keyId], keyId };
    const holder = this.findHolder(offer);
    if (holder !== undefined) return holder;
    if (this.isCompatOpen && caller.isOpenInCompat) {
      return { project: this.projects.defaultProject(), scopes: ['ingest', 'scores', 'read'], keyId: 'anonymous' };
    }
    return undefined;
  }

  /** Who holds a key of a project: its pair, its secret as a bearer token, or its public half, which may write scores. */
  private findHolder(offer: Offer): Principal | undefined {
    if (offer.kind === 'pair') {
      return principalWith(this.keys.findByPair(offer.publicKey, offer.secretKey));
    }
    if (offer.kind !== 'token') return undefined;
    const byPublicKey = this.keys.findByPublicKey(offer.token);
    if (byPublicKey === undefined) return principalWith(this.keys.findBySecret(offer.token));
    const { scopes } = principalWith(byPublicKey);
    return scopes.includes('scores')
      ? { project: byPublicKey.project, scopes: ['scores'], keyId: byPublicKey.id }
      : undefined;
  }
}

function principalWith(key: ApiKey): Principal;
function principalWith(key: ApiKey | undefined): Principal | undefined;
function principalWith(key: ApiKey | undefined): Principal | undefined {
  if (key === undefined) return undefined;
  const { id, project, scopes } = key;
  return { project, scopes: scopes.includes('ingest') ? [...scopes, 'scores'] : scopes, keyId: id };
}

function callerOf(request: FastifyRequest): Caller {
  const { write, openInCompat } = routeTraits(request);
  return {
    authorization: request.headers.authorization,
    apiKey: request.headers['x-api-key'],
    address: request.ip,
    isOpenInCompat: openInCompat === true || write?.errors === 'rpc-status',
  };
}

function offerOf({ authorization, apiKey }: Caller): Offer {
  return readOffer(authorization, apiKey);
}

/** Langfuse's words, which its SDKs show to their users (langfuse.md §7.1). */
function complaint(offer: Offer): string {
  switch (offer.kind) {
    case 'none':
      return 'No authorization header';
    case 'unreadable':
      return 'Invalid authorization header';
    default:
      return "Invalid credentials. Confirm that you've configured the correct host.";
  }
}
