import { InvalidInput } from '../domain/errors.js';
import { serverAddress } from './server-address.js';

describe('the address of this server', () => {
  it.each([
    ['http', 'localhost:8742'],
    ['https', 'xtrace.example.com'],
    ['http', '[::1]:8742'],
  ])('is as the request was addressed: %s, %s', (protocol, host) => {
    expect(serverAddress({ protocol: protocol as 'http', host }, {})).toBe(`${protocol}://${host}`);
  });

  it('is the one of the settings, whatever the request says', () => {
    const publicUrl = 'https://xtrace.example.com/below';
    expect(serverAddress({ protocol: 'http', host: 'evil@host' }, { publicUrl })).toBe(publicUrl);
  });

  it.each(['', 'user@host', 'host/path', 'host?query', 'a b', 'host:port'])('is not made of %j', (host) => {
    expect(() => serverAddress({ protocol: 'http', host }, {})).toThrow(InvalidInput);
  });
});
