// All words of the page, in the language of the browser.

const ENGLISH = {
  film: "Film", undo: "Undo", redo: "Redo", save: "Save look", run: "Run", help: "Keys",
  shots: "Shots", shot: "Shot {0}", looking: "Looking for shots: {0}", found: "{0} in all", all: "All",
  unchecked: "Unchecked", todo: "To do", changed: "Changed", approved: "Approved", bypass: "Bypass",
  nothing: "No shot is here.", state: "State", note: "Note", bypassed: "stays black and white",
  wipe: "Wipe", side: "Side by side", after: "Colour", before: "B/W", difference: "Difference",
  compare: "Compare", layout: "Layout", fit: "Whole picture", full: "Full size", zoomIn: "Larger", zoomOut: "Smaller",
  back: "One second back", stop: "Stop", play: "Play", previous: "Previous frame", next: "Next frame",
  in: "In", out: "Out", time: "Time", painting: "painting …", rendering: "rendering the stretch …",
  move: "Move", point: "Point", region: "Region", tool: "Tool",
  direction: "Direction", scope: "For", thisShot: "This shot", theFilm: "The film", saturation: "Saturation",
  warmth: "Warmth", network: "Network", steady: "Steadiness", sharpen: "Decidedness", reset: "As the film has it",
  resetFilm: "Default", points: "Points and regions", addPoint: "Add a point in the middle", addRegion: "Add a region in the middle", colour: "Colour", remove: "Remove",
  noColour: "No colour here", palette: "Colours of this frame", skin: "Skin", x: "from the left", y: "from the top",
  hintPoint: "Choose Point and click what has the wrong colour, or Region and click around it; Enter closes it.",
  noPoints: "This network takes no points: choose Region and click around what is wrong; Enter closes it.",
  addVariant: "Add these settings", take: "Take", variants: "Up to four settings side by side",
  saturations: "Four saturations", networks: "The networks here", clear: "Clear",
  neutral: "Black and white",
  saved: "{0} is written", unsaved: "not saved", conflict: "The look was changed elsewhere. Replace it?",
  running: "Running", done: "Done", failed: "Failed", stopped: "Stopped", start: "Start", cancel: "Stop the run",
  overwrite: "Render all of it again, not only what has changed", goesOn: "It goes on when this page is closed.", command: "Command",
  result: "Result", close: "Close", left: "about {0} left", lost: "The studio is not answering.", again: "Try again",
  keys: "Keys of the studio", export: "This frame, to paint over", copied: "copied",
  stills: "Painted frames", dropHint: "Drop a painted frame (PNG, TIFF) on the picture, or choose one.",
  choose: "Choose a file …", dust: "Dust", off: "off", noneYet: "Shots appear here as they are found.",
  keyList: [["← →", "one frame"], ["⇧ ← →", "one second"], ["↑ ↓", "shot before, next shot"],
    ["J K L", "one second back, stop, play"], ["I O", "in and out of what is played"], ["1 – 6", "layouts"],
    ["+ − 0", "larger, smaller, whole picture"], ["M P R", "move, point, region; Enter closes it, Esc drops it"], ["A T B", "approved, to do, bypass"],
    ["Ctrl Z, Ctrl ⇧ Z", "undo, redo"], ["Ctrl S", "save the look"], ["?", "these keys"]],
};

const GERMAN = {
  film: "Film", undo: "Rückgängig", redo: "Wiederholen", save: "Look sichern", run: "Rendern", help: "Tasten",
  shots: "Einstellungen", shot: "Einstellung {0}", looking: "Suche Einstellungen: {0}", found: "{0} insgesamt",
  all: "Alle", unchecked: "Ungeprüft", todo: "Zu tun", changed: "Geändert", approved: "Abgenommen", bypass: "Auslassen",
  nothing: "Hier ist keine Einstellung.", state: "Stand", note: "Notiz", bypassed: "bleibt schwarzweiß",
  wipe: "Trennlinie", side: "Nebeneinander", after: "Farbe", before: "S/W", difference: "Unterschied",
  compare: "Vergleich", layout: "Ansicht", fit: "Ganzes Bild", full: "Volle Größe", zoomIn: "Größer", zoomOut: "Kleiner",
  back: "Eine Sekunde zurück", stop: "Anhalten", play: "Abspielen", previous: "Voriges Bild", next: "Nächstes Bild",
  in: "In", out: "Out", time: "Zeit", painting: "wird gefärbt …", rendering: "Ausschnitt wird gerechnet …",
  move: "Verschieben", point: "Punkt", region: "Fläche", tool: "Werkzeug",
  direction: "Anweisung", scope: "Für", thisShot: "Diese Einstellung", theFilm: "Den Film", saturation: "Sättigung",
  warmth: "Wärme", network: "Netz", steady: "Ruhe", sharpen: "Entschiedenheit", reset: "Wie der Film",
  resetFilm: "Standard", points: "Punkte und Flächen", addPoint: "Punkt in die Mitte setzen", addRegion: "Fläche in die Mitte setzen", colour: "Farbe", remove: "Entfernen",
  noColour: "Keine Farbe hier", palette: "Farben dieses Bildes", skin: "Haut", x: "von links", y: "von oben",
  hintPoint: "Punkt wählen und anklicken, was die falsche Farbe hat, oder Fläche und rundherum; Enter schließt sie.",
  noPoints: "Dieses Netz nimmt keine Punkte: Fläche wählen und um das Falsche herum klicken; Enter schließt sie.",
  addVariant: "Diese Werte dazu", take: "Nehmen", variants: "Bis zu vier Fassungen nebeneinander",
  saturations: "Vier Sättigungen", networks: "Die Netze hier", clear: "Leeren",
  neutral: "Schwarzweiß",
  saved: "{0} ist geschrieben", unsaved: "nicht gesichert", conflict: "Der Look wurde anderswo geändert. Ersetzen?",
  running: "Läuft", done: "Fertig", failed: "Fehlgeschlagen", stopped: "Angehalten", start: "Starten",
  cancel: "Lauf anhalten", overwrite: "Alles neu rendern, nicht nur das Geänderte", goesOn: "Er läuft weiter, wenn diese Seite geschlossen wird.",
  command: "Befehl", result: "Ergebnis", close: "Schließen", left: "noch etwa {0}", lost: "Das Studio antwortet nicht.",
  again: "Noch einmal", keys: "Tasten des Studios", export: "Dieses Bild zum Übermalen", copied: "kopiert",
  stills: "Gemalte Bilder", dropHint: "Ein gemaltes Bild (PNG, TIFF) auf das Bild ziehen oder auswählen.",
  choose: "Datei wählen …", dust: "Staub", off: "aus", noneYet: "Einstellungen erscheinen hier, sobald sie gefunden sind.",
  keyList: [["← →", "ein Bild"], ["⇧ ← →", "eine Sekunde"], ["↑ ↓", "vorige, nächste Einstellung"],
    ["J K L", "eine Sekunde zurück, anhalten, abspielen"], ["I O", "In und Out zum Abspielen"], ["1 – 6", "Ansichten"],
    ["+ − 0", "größer, kleiner, ganzes Bild"], ["M P R", "verschieben, Punkt, Fläche; Enter schließt sie, Esc verwirft sie"],
    ["A T B", "abgenommen, zu tun, auslassen"], ["Strg Z, Strg ⇧ Z", "rückgängig, wiederholen"],
    ["Strg S", "Look sichern"], ["?", "diese Tasten"]],
};

const isGerman = navigator.language.toLowerCase().startsWith("de");
const WORDS = isGerman ? GERMAN : ENGLISH;
document.documentElement.lang = isGerman ? "de" : "en";

/** The words of a key, with values in the places {0}, {1}, … */
export function words(key, ...values) {
  const found = WORDS[key];
  return typeof found === "string" ? found.replace(/\{(\d)\}/g, (_, n) => values[n]) : found;
}
