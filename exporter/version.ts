/** @file The package's version, which exported files carry as their producer's. */
export const VERSION = '0.1.0';
