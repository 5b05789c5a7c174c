import { copyOutSql, readCopy } from './copy-reader.js';

describe('rows that are copied out', () => {
  it('are selected with literals that hold whatever a client sends', () => {
    expect(copyOutSql('SELECT a FROM t WHERE b = $2 AND c = $1::int4', [7, "x'; DROP TABLE t; --\\"])).toBe(
      "COPY (SELECT a FROM t WHERE b =  E'x''; DROP TABLE t; --\\\\' AND c = 7::int4) TO STDOUT (FORMAT binary)",
    );
    expect(() => copyOutSql('SELECT $1', [NaN])).toThrow('number cannot be a literal');
    expect(() => copyOutSql('SELECT $2', [1])).toThrow('undefined cannot be a literal');
  });

  it('keep null, empty and other bytes apart', () => {
    const header = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
    const row = Buffer.from([0, 3, 0, 0, 0, 2, 0xc3, 0xa4, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    const bytes = Buffer.concat([header, row, row, Buffer.from([0xff, 0xff])]);
    const rows = Array(2).fill([Buffer.from('ä'), null, Buffer.alloc(0)]);
    expect(readCopy([bytes])).toEqual(rows);
    expect(readCopy([Buffer.concat([header, Buffer.from([0xff, 0xff])])])).toEqual([]);
    // However it is cut.
    for (let size = 1; size < bytes.length; size += 1) {
      const cuts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => i * size);
      expect(readCopy(cuts.map((at) => bytes.subarray(at, at + size)))).toEqual(rows);
    }
  });

  it('copy a value of many chunks only a few times, however large it is', () => {
    const value = Buffer.alloc(4 * 1024 * 1024, 'x');
    const length = Buffer.alloc(4);
    length.writeInt32BE(value.length);
    const head = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8), Buffer.from([0, 2])]);
    const bytes = Buffer.concat([head, length, value, length, value, Buffer.from([0xff, 0xff])]);
    const size = 64 * 1024;
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
    const concat = jest.spyOn(Buffer, 'concat');
    const rows = readCopy(chunks);
    const copied = concat.mock.results.reduce((sum, result) => sum + (result.value as Buffer).length, 0);
    concat.mockRestore();
    expect(rows.map((row) => row.map((cell) => cell!.equals(value)))).toEqual([[true, true]]);
    expect(copied).toBeLessThan(4 * bytes.length);
  });
});
