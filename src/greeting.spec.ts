import { parseConfig } from './config/config.js';
import { greeting } from './greeting.js';

const bound = { address: '127.0.0.1', family: 'IPv4', port: 8742 };
const credentials = {
  bearerToken: 'the-token',
  publicKey: 'pk-xt-1',
  secretKey: 'sk-xt-1',
  generated: true,
  firstStart: true,
  file: '/data/credentials.json',
};

describe('what a ready server prints', () => {
  it('begins with the address to open', () => {
    const first = (address: string, family = 'IPv4') =>
      greeting(parseConfig({}), credentials, { address, family, port: 1 })[0];
    expect(first('127.0.0.1')).toBe(
      'xtrace is ready on http://127.0.0.1:1 (API documentation: http://127.0.0.1:1/docs)',
    );
    expect(first('0.0.0.0')).toContain('http://localhost:1/docs');
    expect(first('::', 'IPv6')).toContain('http://localhost:1/docs');
    expect(first('::1', 'IPv6')).toContain('http://[::1]:1/docs');
  });

  it('shows new credentials once, with a command to try them', () => {
    const text = greeting(parseConfig({}), credentials, bound).join('\n');
    for (const part of [
      'the-token',
      'pk-xt-1',
      'sk-xt-1',
      "curl -w '\\n' -H 'Authorization: Bearer the-token'",
      '/v1/l/batch',
    ]) {
      expect(text).toContain(part);
    }
  });

  it('says at later starts only where they are kept', () => {
    const text = greeting(parseConfig({}), { ...credentials, firstStart: false }, bound).join('\n');
    expect(text).toContain('/data/credentials.json');
    expect(text).not.toMatch(/the-token|sk-xt-1/);
  });

  it('does not show a secret that the settings gave', () => {
    const config = parseConfig({ API_BEARER_TOKEN: 'the-token' });
    const text = greeting(config, credentials, bound).join('\n');
    expect(text).not.toContain('the-token');
    expect(text).toContain("curl -w '\\n' -u 'pk-xt-1:sk-xt-1'");
  });

  it('shows no secret in JSON lines, which go to collectors and not to people', () => {
    const text = greeting(parseConfig({ LOG_FORMAT: 'json' }), credentials, bound).join('\n');
    expect(text).toContain('/data/credentials.json');
    expect(text).not.toMatch(/the-token|sk-xt-1/);
  });

  it('shows no secret in production', () => {
    const config = parseConfig({
      NODE_ENV: 'production',
      DATABASE_URL: 'postgres://u@db/x',
      API_BEARER_TOKEN: 'the-token-0123456789',
    });
    expect(greeting(config, credentials, bound)).toHaveLength(1);
  });
});
