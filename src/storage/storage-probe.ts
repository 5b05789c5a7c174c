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
}
