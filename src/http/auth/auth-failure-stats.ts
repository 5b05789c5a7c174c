import { Injectable } from '@nestjs/common';

/** `blocked`: after too many of the others from one address, whatever it sent. */
export type AuthFailure = 'missing' | 'unreadable' | 'wrong' | 'blocked';

/** Failed authentications since the start of this process. */
@Injectable()
export class AuthFailureStats {
  readonly counts: Record<AuthFailure, number> = { missing: 0, unreadable: 0, wrong: 0, blocked: 0 };

  count(failure: AuthFailure): void {
    this.counts[failure] += 1;
  }
}
