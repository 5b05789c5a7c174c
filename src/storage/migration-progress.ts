import { type DataSource, MigrationExecutor, type MigrationInterface, type QueryRunner } from 'typeorm';

/** A wait shorter than this is not worth a line. */
const FIRST_LINE_MS = 1000;
const LINE_EVERY_MS = 10_000;

/** Says what is under way when it takes long, and again every ten seconds. */
export class MigrationProgress {
  private readonly sinceMs = Date.now();
  private timer: NodeJS.Timeout;
  private hasSaid = false;

  constructor(
    private step: string,
    private readonly say: (line: string) => void,
  ) {
    this.timer = setTimeout(() => this.sayStep(), FIRST_LINE_MS);
  }

  begin(step: string): void {
    this.step = step;
  }

  /** Stops; what was said to be under way is said to be over. */
  end(result: string): void {
    clearTimeout(this.timer);
    if (this.hasSaid) this.say(`${result} after ${this.seconds} s`);
  }

  private sayStep(): void {
    this.hasSaid = true;
    this.say(`${this.step}, ${this.seconds} s so far`);
    this.timer = setTimeout(() => this.sayStep(), LINE_EVERY_MS);
  }

  private get seconds(): number {
    return Math.round((Date.now() - this.sinceMs) / 1000);
  }
}

/** Runs each pending migration in a transaction of its own, and tells which one it is at. */
export class WatchedMigrations extends MigrationExecutor {
  private done = 0;

  constructor(
    dataSource: DataSource,
    runner: QueryRunner,
    private readonly pendingCount: number,
    private readonly progress: MigrationProgress,
  ) {
    super(dataSource, runner);
    this.transaction = 'each';
  }

  protected override getMigrations() {
    const migrations = super.getMigrations();
    for (const migration of migrations) {
      const { instance } = migration;
      if (instance !== undefined) migration.instance = this.watched(migration.name, instance);
    }
    return migrations;
  }

  private watched(name: string, migration: MigrationInterface): MigrationInterface {
    return {
      name,
      ...(migration.transaction === undefined ? {} : { transaction: migration.transaction }),
      up: (runner) => {
        this.done += 1;
        this.progress.begin(`upgrading the tables: step ${this.done} of ${this.pendingCount} (${name})`);
        return migration.up(runner);
      },
      down: (runner) => migration.down(runner),
    };
  }
}
