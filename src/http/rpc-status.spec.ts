import { encodeRpcStatus, rpcEncoding } from './rpc-status.js';

/** Reads google.rpc.Status by the protobuf wire format alone; independent of the encoder. */
function decode(bytes: Buffer): { code: number; message: string } {
  const status = { code: 0, message: '' };
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++]!;
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    if (tag === 1 * 8 + 0) status.code = varint();
    else if (tag === 2 * 8 + 2) {
      const length = varint();
      status.message = bytes.toString('utf8', at, at + length);
      at += length;
    } else throw new Error(`unexpected tag ${tag}`);
  }
  expect(at).toBe(bytes.length);
  return status;
}

describe('google.rpc.Status', () => {
  test('is 08 code 12 length message in protobuf', () => {
    const { contentType, body } = encodeRpcStatus({ code: 3, message: 'no' }, 'protobuf');
    expect(contentType).toBe('application/x-protobuf');
    expect(body.toString('hex')).toBe('080312026e6f');
  });

  test.each(['', 'short', 'ä€😀', 'x'.repeat(127), 'x'.repeat(128), 'x'.repeat(1000)])(
    'comes back from protobuf as it went in: %j',
    (message) => {
      expect(decode(encodeRpcStatus({ code: 14, message }, 'protobuf').body)).toEqual({ code: 14, message });
    },
  );

  test('a message is cut, never inside a character', () => {
    const message = `${'x'.repeat(999)}😀`;
    const cut = `${'x'.repeat(999)}\ufffd`;
    expect(decode(encodeRpcStatus({ code: 3, message }, 'protobuf').body).message).toBe(cut);
    expect(JSON.parse(encodeRpcStatus({ code: 3, message }, 'json').body.toString())).toEqual({
      code: 3,
      message: cut,
    });
  });

  test.each([
    ['application/x-protobuf', 'protobuf'],
    ['Application/X-Protobuf; charset=utf-8', 'protobuf'],
    ['application/protobuf', 'protobuf'],
    ['application/json', 'json'],
    ['application/json; charset=utf-8', 'json'],
    ['application/x-protobuffer', 'json'],
    ['text/plain', 'json'],
    [undefined, 'json'],
  ])('a request of type %j is answered in %s', (contentType, encoding) => {
    expect(rpcEncoding(contentType)).toBe(encoding);
  });
});
