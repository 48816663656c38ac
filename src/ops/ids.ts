// Numbers of blocks and extents in shared memory (memory.md, part 1, 0).
// @thread any
//
//   block id   bits 27-30 creator (0 main, else app slot) | 10-26 page | 0-9 index in the page
//   extent id  bits 27-30 creator                         |  8-26 slab | 0-7 first 4 KiB page
//
// So a reader knows whose port to read for a page or slab that it does not know yet.

export const MAIN = 0;
/** The one app thread of a handle today; 2 to 15 are left for further ones. */
export const FIRST_APP_SLOT = 1;
export const MAX_CREATORS = 16;

export const MAX_PAGES: number = 1 << 17;
export const MAX_SLABS: number = 1 << 19;

export function blockId(creator: number, page: number, index: number): number {
  return (creator << 27) | (page << 10) | index;
}

export function extentId(creator: number, slab: number, firstPage: number): number {
  return (creator << 27) | (slab << 8) | firstPage;
}

export function creatorOf(id: number): number {
  return id >>> 27;
}

export function pageOf(blockId: number): number {
  return (blockId >>> 10) & (MAX_PAGES - 1);
}

export function indexOf(blockId: number): number {
  return blockId & 1023;
}

export function slabOf(extentId: number): number {
  return (extentId >>> 8) & (MAX_SLABS - 1);
}

export function firstPageOf(extentId: number): number {
  return extentId & 255;
}
