// SPDX-License-Identifier: EUPL-1.2

// Package areas is the pure part of importing areas: it reads GeoJSON, decides
// which coordinate system a file is in, maps codes, and works out what an import
// changes: which areas are new, replaced and retired, and which district each
// belongs to.
//
// It promises that nothing of a file is guessed silently: what is converted, renamed
// or worked out is told, and every feature that cannot be used is named with its
// number, its code and all that is wrong with it. Coordinates in WGS 84 stay as they
// came. The same file and the same areas before give the same plan.
//
// It reads no disk and no database, stores nothing and has no clock: the registry
// does that, in one transaction.
//
// What cannot be used at all is a *FileError, a sentence for the person who chose
// the file.
package areas
