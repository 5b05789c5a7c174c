import { ApiProperty } from '@nestjs/swagger';

/** Where a page lies in its list. */
export class PageMetaDto {
  @ApiProperty({ type: 'integer', example: 1 })
  page!: number;

  @ApiProperty({ type: 'integer', example: 50 })
  limit!: number;

  /** Exact up to 100,000; beyond that a lower bound, and `totalItemsCapped` is true. */
  @ApiProperty({ type: 'integer', example: 1234 })
  totalItems!: number;

  /** Ahead of `page` while rows remain. */
  @ApiProperty({ type: 'integer', example: 25 })
  totalPages!: number;

  /** Only there when true. */
  @ApiProperty({ required: false, example: true })
  totalItemsCapped?: boolean;
}

/** The same of a list that goes by cursor, too. */
export class CursorPageMetaDto extends PageMetaDto {
  /** Where the next page starts; only there when there is one, and in an order that allows it. */
  @ApiProperty({ required: false, example: 'MTc2OTg1MTgwMDAwMDAwMDp0cmFjZS0x' })
  nextCursor?: string;
}
