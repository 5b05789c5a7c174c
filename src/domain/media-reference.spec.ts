import { findReferences, referenceTag } from './media-reference.js';

const TAG = '@@@langfuseMedia:type=image/png|id=nVgv0hJfmdRfXsWzMGMQYw|source=base64_data_uri@@@';

describe('a reference to a file', () => {
  it('is written as the SDKs write it', () => {
    expect(referenceTag('image/png', 'nVgv0hJfmdRfXsWzMGMQYw', 'base64_data_uri')).toBe(TAG);
  });

  it('is found wherever a text has it, with the path to that text', () => {
    const found = findReferences(
      JSON.stringify({ image: [`look: ${TAG} and`, 'nothing'], "it's": { 'a\\b': TAG.replace('nVgv', 'other') } }),
    );
    expect(found).toEqual([
      { referenceString: TAG, mediaId: 'nVgv0hJfmdRfXsWzMGMQYw', jsonPath: "$['image'][0]" },
      {
        referenceString: TAG.replace('nVgv', 'other'),
        mediaId: 'other0hJfmdRfXsWzMGMQYw',
        jsonPath: "$['it\\'s']['a\\\\b']",
      },
    ]);
  });

  it('is found in a document that is a text, once however often it stands there', () => {
    expect(findReferences(JSON.stringify(`${TAG} ${TAG}`)).map(({ jsonPath }) => jsonPath)).toEqual(['$']);
  });

  it.each(['@@@langfuseMedia:type=image/png|id=a b|source=x@@@', '@@@langfuseMedia:type=|id=a|source=b@@@', 'text'])(
    'is not %s',
    (text) => expect(findReferences(JSON.stringify({ text }))).toEqual([]),
  );

  it('is looked for no further after 500 of them', () => {
    const many = Array.from({ length: 600 }, (_, i) => TAG.replace('nVgv', `n${i}`));
    expect(findReferences(JSON.stringify(many))).toHaveLength(500);
  });
});
