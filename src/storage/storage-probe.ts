import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DatabaseProbe } from '../domain/database-probe.js';
import { executedMigrations } from './data-source.js';

@Injectable()
export class StorageProbe extends DatabaseProbe {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  async ping(): Promise<void> {
    await this.dataSource.query('SELECT 1');
  }

  async pendingMigrations(): Promise<number> {
    const executed = new Set(await executedMigrations(this.dataSource));
    return this.dataSource.migrations.filter((migration) => !executed.has(migration.name ?? migration.constructor.name))
      .length;
  }

  async hasTraceSince(ms: number): Promise<boolean> {
    // One look into the index by project and time for each project.
    const rows = await this.dataSource.query<unknown[]>(
      'SELECT FROM projects p CROSS JOIN LATERAL (SELECT FROM traces t WHERE t.project_no = p.no ' +
        `AND t.ts > '-infinity' AND t.ts >= $1 LIMIT 1) found LIMIT 1`,
      [new Date(ms)],
    );
    return rows.length > 0;
  }
}
