import { isKeyPattern, SecretKeys } from './secret-key.js';

describe('names of secrets', () => {
  const keys = new SecretKeys();

  it.each([
    'authorization',
    'Authorization',
    'AUTHORIZATION',
    'proxy-authorization',
    'http.request.header.authorization',
    'llm.headers.Authorization',
    'x-api-key',
    'X_API_KEY',
    'api-key',
    'api.key',
    'apiKey',
    'APIKey',
    'apikey',
    'API Key',
    'api_keys',
    'x-goog-api-key',
    'OPENAI_API_KEY',
    'http.request.header.x-api-key',
    'gen_ai.request.api_key',
    'user_api_key',
    'cookie',
    'set-cookie',
    'setCookie',
    'cookies',
    'password',
    'dbPassword',
    'dbpassword',
    'passwd',
    'passphrase',
    'secret',
    'client_secret',
    'clientSecret',
    'aws_secret_access_key',
    'LANGFUSE_SECRET_KEY',
    'private_key',
    'Ocp-Apim-Subscription-Key',
    'access_token',
    'accessToken',
    'refresh_token',
    'id_token',
    'idToken',
    'x-auth-token',
    'aws_session_token',
    'GITHUB_TOKEN',
    'bearer',
    'jwt',
    'authorization.0',
    'api_key_2',
  ])('%s is one', (key) => {
    expect(keys.has(key)).toBe(true);
  });

  it.each([
    'max_tokens',
    'max_token',
    'maxTokens',
    'token',
    'tokens',
    'token_count',
    'prompt_tokens',
    'total_tokens',
    'cache_read_input_tokens',
    'input_cost_per_token',
    'time_to_first_token',
    'eos_token_id',
    'pad_token_id',
    'valid_token',
    'grid_token',
    'gen_ai.usage.input_tokens',
    'gen_ai.request.max_tokens',
    'access_tokens_used',
    'key',
    'keys',
    'cache_key',
    'prompt_cache_key',
    'idempotency-key',
    'public_key',
    'LANGFUSE_PUBLIC_KEY',
    'primary_key',
    'keyboard',
    'api_key_id',
    'user_api_key_alias',
    'user_api_key_team_id',
    'authorization_url',
    'auth',
    'author',
    'secretary',
    'password_attempts',
    'is_secret_set',
    'session_id',
    '',
    'to\u212Aen',
    'api_\u212Aey',
    '__proto__',
    'constructor',
  ])('%j is none', (key) => {
    expect(keys.has(key)).toBe(false);
  });

  it('may be added, by whole words at the end, whatever their case and separators', () => {
    const added = new SecretKeys(['customer_ssn', 'patient*', 'internal-*.note', '*mail']);
    const secret = ['customer_ssn', 'customerSsn', 'app.Customer-SSN', 'patient', 'patient_name', 'the.patient.age'];
    secret.push('internal.x.note', 'internal-a-b-note', 'email', 'user.e_mail', 'api_key');
    expect(secret.filter((key) => !added.has(key))).toEqual([]);
    const plain = ['ssn', 'customer_ssn_hash', 'outpatient_name', 'internal.note2', 'note', 'mailbox', 'xcustomer_ssn'];
    expect(plain.filter((key) => added.has(key))).toEqual([]);
  });

  it('may be exempt, built-in and added ones', () => {
    const keys = new SecretKeys(['!cookie', 'note', '!public_note']);
    expect(
      ['cookie', 'fortune.cookie', 'public_note', 'note', 'set_cookie_2', 'authorization'].map((key) => keys.has(key)),
    ).toEqual([false, false, false, true, true, true]);
  });

  it('are known again, and forgotten when too many are seen', () => {
    const many = new SecretKeys();
    for (let n = 0; n < 10_000; n += 1) expect(many.has(`label_${n}`)).toBe(false);
    expect(many.has('api_key')).toBe(true);
    expect(many.lookUp('api_key')).toBe(many.lookUp('api_key'));
  });

  it('of any length are tested in linear time', () => {
    const added = new SecretKeys(['a*b*c*d', 'x_*']);
    for (const key of [
      'a'.repeat(1e6),
      'ab'.repeat(5e5),
      'A'.repeat(1e6),
      '_1'.repeat(5e5),
      `${'-'.repeat(1e6)}api_key`,
    ]) {
      expect(added.has(key)).toBe(key.endsWith('api_key'));
    }
  });
});

describe('what an operator may add', () => {
  it.each(['customer_ssn', 'x-internal', 'a.bc', '*mail', 'patient_*', '!cookie'])('%s', (text) => {
    expect(isKeyPattern(text)).toBe(true);
  });

  it.each(['*', '', '!', 'a', 'aB', 'a.b', '__', '*_*', 'naïve', 'a b', 'a!b', 'x'.repeat(101)])('not %j', (text) => {
    expect(isKeyPattern(text)).toBe(false);
  });
});
