/** Must be imported before LanceDB: its native part floods stderr with warnings, and only this variable silences it. */
process.env['LANCEDB_LOG'] ??= 'error';
export {};
