import { displaySecret } from './api-key-rows.js';

describe('what lists show of a secret', () => {
  it.each([
    ['sk-xt-5gLG9XWheJ_RuefRnSfnd0gSQiXfLxFOrnqhNGAlw3M', 'sk-xt-...lw3M'],
    ['sk-lf-1234567890', 'sk-lf-...7890'],
    ['correct-horse-16', '...e-16'],
    ['sk-1234567890123', '...0123'],
  ])('of %s is its end, and a start that all have', (secret, shown) => {
    expect(displaySecret(secret)).toBe(shown);
  });
});
