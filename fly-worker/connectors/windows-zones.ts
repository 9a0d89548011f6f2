/** What Windows calls time zones, in the names that everybody else uses. Unicode CLDR, windowsZones, territory 001. https://cldr.unicode.org */
const NAMES = `
Dateline|Etc/GMT+12;UTC-11|Etc/GMT+11;Aleutian|America/Adak;Hawaiian|Pacific/Honolulu;Alaskan|America/Anchorage;UTC-09|Etc/GMT+9;
Pacific|America/Los_Angeles;Pacific Standard Time (Mexico)|America/Tijuana;UTC-08|Etc/GMT+8;US Mountain|America/Phoenix;Mountain|America/Denver;
Mountain Standard Time (Mexico)|America/Mazatlan;Central America|America/Guatemala;Central|America/Chicago;Central Standard Time (Mexico)|America/Mexico_City;
Canada Central|America/Regina;SA Pacific|America/Bogota;Eastern|America/New_York;Eastern Standard Time (Mexico)|America/Cancun;US Eastern|America/Indianapolis;
Cuba|America/Havana;Paraguay|America/Asuncion;Atlantic|America/Halifax;Venezuela|America/Caracas;Central Brazilian|America/Cuiaba;SA Western|America/La_Paz;
Pacific SA|America/Santiago;Newfoundland|America/St_Johns;E. South America|America/Sao_Paulo;SA Eastern|America/Cayenne;Argentina|America/Buenos_Aires;
Greenland|America/Godthab;Montevideo|America/Montevideo;Bahia|America/Bahia;UTC-02|Etc/GMT+2;Azores|Atlantic/Azores;Cape Verde|Atlantic/Cape_Verde;UTC|Etc/UTC;
GMT|Europe/London;Greenwich|Atlantic/Reykjavik;Morocco|Africa/Casablanca;W. Europe|Europe/Berlin;Central Europe|Europe/Budapest;Romance|Europe/Paris;
Central European|Europe/Warsaw;W. Central Africa|Africa/Lagos;Jordan|Asia/Amman;GTB|Europe/Bucharest;Middle East|Asia/Beirut;Egypt|Africa/Cairo;
E. Europe|Europe/Chisinau;Syria|Asia/Damascus;South Africa|Africa/Johannesburg;FLE|Europe/Kiev;Israel|Asia/Jerusalem;Namibia|Africa/Windhoek;
Kaliningrad|Europe/Kaliningrad;Libya|Africa/Tripoli;Arabic|Asia/Baghdad;Turkey|Europe/Istanbul;Arab|Asia/Riyadh;Belarus|Europe/Minsk;Russian|Europe/Moscow;
E. Africa|Africa/Nairobi;Iran|Asia/Tehran;Arabian|Asia/Dubai;Azerbaijan|Asia/Baku;Russia Time Zone 3|Europe/Samara;Mauritius|Indian/Mauritius;
Georgian|Asia/Tbilisi;Caucasus|Asia/Yerevan;Afghanistan|Asia/Kabul;West Asia|Asia/Tashkent;Ekaterinburg|Asia/Yekaterinburg;Pakistan|Asia/Karachi;
India|Asia/Calcutta;Sri Lanka|Asia/Colombo;Nepal|Asia/Katmandu;Central Asia|Asia/Almaty;Bangladesh|Asia/Dhaka;Omsk|Asia/Omsk;Myanmar|Asia/Rangoon;
SE Asia|Asia/Bangkok;N. Central Asia|Asia/Novosibirsk;North Asia|Asia/Krasnoyarsk;China|Asia/Shanghai;North Asia East|Asia/Irkutsk;Singapore|Asia/Singapore;
W. Australia|Australia/Perth;Taipei|Asia/Taipei;Ulaanbaatar|Asia/Ulaanbaatar;Tokyo|Asia/Tokyo;Korea|Asia/Seoul;Yakutsk|Asia/Yakutsk;
Cen. Australia|Australia/Adelaide;AUS Central|Australia/Darwin;E. Australia|Australia/Brisbane;AUS Eastern|Australia/Sydney;West Pacific|Pacific/Port_Moresby;
Tasmania|Australia/Hobart;Vladivostok|Asia/Vladivostok;Magadan|Asia/Magadan;Central Pacific|Pacific/Guadalcanal;New Zealand|Pacific/Auckland;UTC+12|Etc/GMT-12;
Fiji|Pacific/Fiji;Tonga|Pacific/Tongatapu;Samoa|Pacific/Apia`;

const zones = new Map(NAMES.trim().split(/;\s*/).map((line) => line.split('|') as [string, string]).map(([windows, iana]) => [windows.toLowerCase(), iana]));

/** `W. Europe Standard Time` -> `Europe/Berlin`; null: not one of Windows' names. */
export const fromWindows = (name: string): string | null => zones.get(name.trim().toLowerCase()) ?? zones.get(name.trim().toLowerCase().replace(/ (?:standard|daylight) time$/, '')) ?? null;
