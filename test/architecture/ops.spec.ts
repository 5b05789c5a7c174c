import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { parseConfig, SETTINGS } from '../../src/config/config.js';
import { type Setting } from '../../src/config/setting.js';
import { PROJECT_ROOT } from '../support/server-process.js';

const read = (path: string) => readFileSync(join(PROJECT_ROOT, path), 'utf8');
const filesIn = (folder: string): string[] =>
  readdirSync(join(PROJECT_ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path}`)
    .filter((path) => /\.\w+$|Dockerfile$|Caddyfile$/.test(path) && !/\.(webp|mjs|ts)$/.test(path));

const config = parseConfig({});
const names = Object.values(SETTINGS).flatMap(({ name, aliases = [] }: Setting<unknown>) => [name, ...aliases]);
/** `KEY=value` lines of an env file. */
const envOf = (path: string): Record<string, string> =>
  Object.fromEntries([...read(path).matchAll(/^([A-Z]\w+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]));

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- as loose as YAML is */
type Yaml = any;
const yaml = (path: string): Yaml[] =>
  parseAllDocuments(read(path)).map((document) => {
    expect([path, document.errors]).toEqual([path, []]);
    return document.toJS();
  });

const compose = yaml('ops/compose/compose.yaml')[0];
const kubernetes = filesIn('ops/kubernetes')
  .filter((path) => path.endsWith('.yaml'))
  .flatMap(yaml);
const ofKind = (kind: string): Yaml => kubernetes.find((one) => one.kind === kind);
/** What ingress-nginx lets through below `path`. */
const bodySizeOf = (path: string): string => {
  const ingress = kubernetes.find((one) => one.kind === 'Ingress' && one.spec.rules[0].http.paths[0].path === path);
  return String(ingress?.metadata.annotations['nginx.ingress.kubernetes.io/proxy-body-size']);
};
const pod = ofKind('Deployment').spec.template.spec;
const [container] = pod.containers;
const unit = read('ops/systemd/xtrace.service');
const dockerfile = read('ops/Dockerfile');
const nginx = read('ops/proxy/nginx.conf');

/** Milliseconds that a stop may take by these settings, and by what an orchestrator grants. */
const stopMs = (env: Record<string, string>) => {
  const { shutdownDelayMs, shutdownGraceMs } = parseConfig({
    SHUTDOWN_DELAY_MS: env.SHUTDOWN_DELAY_MS,
    SHUTDOWN_GRACE_MS: env.SHUTDOWN_GRACE_MS,
  });
  return shutdownDelayMs + shutdownGraceMs;
};

describe('the files of ops/', () => {
  it('set only variables that are settings of xtrace', () => {
    const set = {
      Dockerfile: [...dockerfile.matchAll(/^ENV (\w+)=/gm)].map(([, name]) => name!),
      compose: Object.keys(compose.services.xtrace.environment as object),
      configmap: Object.keys(ofKind('ConfigMap').data as object),
      secret: Object.keys(ofKind('Secret').stringData as object),
      systemd: Object.keys(envOf('ops/systemd/xtrace.env.example')),
      unit: [...unit.matchAll(/^Environment=(\w+)=/gm)].map(([, name]) => name!),
    };
    for (const [file, found] of Object.entries(set)) {
      expect([file, found.length > 0, found.filter((name) => !names.includes(name))]).toEqual([file, true, []]);
    }
  });

  it('name no setting that does not exist, in comments and guides neither', () => {
    const others = [
      ...['POSTGRES_PASSWORD', 'POSTGRES_USER', 'POSTGRES_DB', 'POSTGRES_INITDB_ARGS', 'NODE_VERSION'],
      ...[
        'BASE_URL',
        'LANGFUSE_BASE_URL',
        'LANGFUSE_DEBUG',
        'ANTHROPIC_OPEN_TELEMETRY',
        'CLAUDE_CODE_ENABLE_TELEMETRY',
        'TEST_DATABASE_URL',
        'XTRACE_TEST_CHROMIUM',
        'XTRACE_TEST_DIST',
        'XTRACE_TEST_POSTGRES_BIN',
      ],
    ];
    const unknown = [...filesIn('ops'), 'CONTRIBUTING.md', 'CHANGELOG.md']
      .filter((path) => !path.startsWith('ops/docs/adr/'))
      .flatMap((path) => (read(path).match(/(?<![\w/.-])(?:[A-Z]+_)+[A-Z0-9]+\b/g) ?? []).map((name) => [path, name]))
      .filter(([, name]) => !names.includes(name!) && !others.includes(name!) && !/^(AF|OTEL)_/.test(name!));
    expect(unknown).toEqual([]);
  });

  it('give values that xtrace takes', () => {
    const secret = { ...ofKind('Secret').stringData } as Record<string, string>;
    expect(() => parseConfig({ ...ofKind('ConfigMap').data, ...secret })).not.toThrow();
    const filled = { API_BEARER_TOKEN: 'x'.repeat(64) };
    expect(() => parseConfig({ ...envOf('ops/systemd/xtrace.env.example'), ...filled })).not.toThrow();
    const { environment } = compose.services.xtrace as { environment: Record<string, string> };
    const interpolated = Object.entries(environment).map(([name, value]) => {
      return [name, value.replace(/\$\{\w+:-(\w*)\}/g, '$1').replace(/\$\{\w+:\?[^}]*\}/g, 'x'.repeat(64))];
    });
    const taken = parseConfig({ ...Object.fromEntries(interpolated), NODE_ENV: 'production' });
    expect(taken.databaseUrl).toContain('@postgres:5432/');
  });

  it('ask for secrets by exactly the names that their examples have', () => {
    const asked = new Set([...read('ops/compose/compose.yaml').matchAll(/\$\{(\w+)/g)].map(([, name]) => name));
    expect(new Set(Object.keys(envOf('ops/compose/env.example')))).toEqual(asked);
  });

  it('use the port that xtrace listens on', () => {
    const { bindPort } = config;
    expect(/^EXPOSE (\d+)$/m.exec(dockerfile)?.[1]).toBe(String(bindPort));
    expect(/BIND_ADDR=0\.0\.0\.0:(\d+)/.exec(dockerfile)?.[1]).toBe(String(bindPort));
    expect(compose.services.xtrace.ports).toEqual([`127.0.0.1:${bindPort}:${bindPort}`]);
    expect(container.ports).toEqual([{ name: 'http', containerPort: bindPort }]);
    expect(ofKind('ConfigMap').data.BIND_ADDR).toBe(`0.0.0.0:${bindPort}`);
    expect(ofKind('Service').spec.ports[0]).toMatchObject({ port: bindPort, targetPort: 'http' });
    expect(nginx).toContain(`server 127.0.0.1:${bindPort};`);
    expect(read('ops/proxy/Caddyfile')).toContain(`reverse_proxy 127.0.0.1:${bindPort} {`);
    expect(read('ops/healthcheck.mjs')).toContain(`'${SETTINGS.bind.default}'`);
  });

  it('probe routes that exist and are open', () => {
    const controller = read('src/modules/health/health.controller.ts');
    // That they are open is in routes.spec.ts.
    const open = [...controller.matchAll(/@Get\('(\w+)'\)/g)].map(([, path]) => `/${path}`);
    const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((name) => container[name].httpGet);
    expect(probes).toEqual([
      { path: '/healthz', port: 'http' },
      { path: '/healthz', port: 'http' },
      { path: '/readyz', port: 'http' },
    ]);
    for (const { path } of probes) expect(open).toContain(path);
    expect(read('ops/healthcheck.mjs')).toContain('/healthz`');
  });

  it('start the file and the options that npm start has', () => {
    const { scripts, engines } = JSON.parse(read('package.json')) as {
      scripts: Record<string, string>;
      engines: { node: string };
    };
    const command = scripts.start!.replace(/^exec /, '').split(' ');
    expect(/^CMD (\[.*\])$/m.exec(dockerfile)?.[1]).toBe(JSON.stringify(command).replaceAll(',', ', '));
    expect(/^ExecStart=\/usr\/bin\/(.*)$/m.exec(unit)?.[1]).toBe(command.join(' '));
    const major = Number(/^ARG NODE_VERSION=(\d+)/m.exec(dockerfile)?.[1]);
    expect(major).toBeGreaterThanOrEqual(Number(/>=(\d+)/.exec(engines.node)?.[1]));
  });

  it('copy into the image what .dockerignore lets through, and only that', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths]) => paths!.split(' '));
    const allowed = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, path]) => path!);
    expect(new Set(copied)).toEqual(new Set(allowed));
  });

  it('grant a stop more time than it may take', () => {
    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(stopMs(ofKind('ConfigMap').data));
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]) * 1000).toBeGreaterThan(
      stopMs(envOf('ops/systemd/xtrace.env.example')),
    );
    expect(parseInt(String(compose.services.xtrace.stop_grace_period), 10) * 1000).toBeGreaterThan(stopMs({}));
  });

  it('grant the first start of a version an hour to upgrade the tables', () => {
    const { periodSeconds, failureThreshold } = container.startupProbe;
    expect(periodSeconds * failureThreshold).toBe(3600);
    expect(ofKind('Deployment').spec.progressDeadlineSeconds).toBeGreaterThan(3600);
    expect(dockerfile).toContain('--start-period=1h ');
  });

  it('keep nodes from being drained of all pods at once', () => {
    const { labels } = kubernetes.find(({ kind }) => kind === 'Kustomization');
    // Kustomize makes the selectors of the others, but none here: it would mean no pod.
    expect(ofKind('PodDisruptionBudget').spec.selector).toEqual({ matchLabels: labels[0].pairs });
  });

  it('let proxies pass bodies that xtrace takes, and wait longer than xtrace does', () => {
    const mebibytes = [
      /client_max_body_size (\d+)m;/.exec(nginx)?.[1],
      /max_size (\d+)MiB/.exec(read('ops/proxy/Caddyfile'))?.[1],
      /^(\d+)m$/.exec(bodySizeOf('/'))?.[1],
    ];
    for (const size of mebibytes) expect(Number(size) * 1024 * 1024).toBeGreaterThan(config.maxRequestBodyBytes);
    const files = [
      /location ~ \^\/api\/public\/media\/.*\n +client_max_body_size (\d+)m;/.exec(nginx)?.[1],
      /@files \{\n\s+max_size (\d+)MiB/.exec(read('ops/proxy/Caddyfile'))?.[1],
      /^(\d+)m$/.exec(bodySizeOf('/api/public/media'))?.[1],
    ];
    for (const size of files) expect(Number(size) * 1024 * 1024).toBeGreaterThan(config.mediaMaxBytes);
    const waits = [...nginx.matchAll(/proxy_read_timeout (\d+)s;/g)].map(([, seconds]) => Number(seconds) * 1000);
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThan(Math.max(config.writeDeadlineMs, config.readTimeoutMs));
  });

  it('run unprivileged on a read-only root', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(compose.services.xtrace).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    expect([...dockerfile.matchAll(/^USER (\S+)$/gm)].at(-1)?.[1]).toBe('1000:1000');
  });
});

describe('the health check of the image', () => {
  /** Its exit code for a server that answers `status`. */
  const check = async (status: number | undefined, path = '/healthz'): Promise<unknown> => {
    const server = createServer((request, reply) => reply.writeHead(request.url === path ? status! : 404).end());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    if (status === undefined) server.close();
    const env = { PATH: process.env.PATH, BIND_ADDR: `0.0.0.0:${port}` };
    const [code] = (await once(
      spawn(process.execPath, [join(PROJECT_ROOT, 'ops/healthcheck.mjs')], { env }),
      'exit',
    )) as unknown[];
    server.closeAllConnections();
    server.close();
    return code;
  };

  it('holds where /healthz answers, and fails where it does not', async () => {
    expect(await check(200)).toBe(0);
    expect(await check(500)).toBe(1);
    expect(await check(undefined)).toBe(1);
  });
});
