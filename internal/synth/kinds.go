// SPDX-License-Identifier: EUPL-1.2

package synth

// madeUp begins every text, so that it is seen wherever the text is.
const madeUp = "Påhittad: "

// kind is how one category shows itself: when, where and in which words.
type kind struct {
	// found is the share that somebody finds afterwards, with a night's uncertainty.
	found  float64
	hours  *[24]float64
	places []string
	texts  []string
}

// Hours of the local day, by weight.
var (
	daytime = [24]float64{6: 1, 7: 3, 8: 5, 9: 6, 10: 6, 11: 6, 12: 6, 13: 6, 14: 6, 15: 6, 16: 5, 17: 4, 18: 3, 19: 2, 20: 1}
	evening = [24]float64{0: 3, 1: 2, 12: 1, 13: 1, 14: 2, 15: 3, 16: 4, 17: 5, 18: 6, 19: 7, 20: 8, 21: 8, 22: 7, 23: 5}
	night   = [24]float64{0: 8, 1: 8, 2: 6, 3: 4, 4: 2, 18: 2, 19: 3, 20: 4, 21: 6, 22: 8, 23: 9}
)

// weekday weighs what happens, Sunday first: the town is liveliest on Friday and
// Saturday.
var weekday = [7]float64{1.0, 0.85, 0.85, 0.9, 0.95, 1.2, 1.25}

var (
	outdoors = []string{"square", "park", "playground", "path_tunnel", "bus_stop", "other_public"}
	housing  = []string{"stairwell", "cellar_storage", "laundry", "garage", "parking"}
	streets  = []string{"parking", "station", "shopping_centre", "bus_stop", "other_public"}
)

// kinds is read only. The texts name no person, number, plate or address.
var kinds = map[string]kind{
	"graffiti":        {0.9, &daytime, []string{"path_tunnel", "bus_stop", "school_yard", "garage"}, []string{"Klotter på väggen.", "Ny färg på tunnelväggen.", "Klistermärken och tusch på skylt."}},
	"broken_window":   {0.8, &night, []string{"bus_stop", "school_yard", "stairwell", "shopping_centre"}, []string{"Krossad ruta vid entrén, glas på marken.", "Glaset i väderskyddet är sönder.", "Lampa över dörren krossad."}},
	"property_damage": {0.8, &night, []string{"stairwell", "playground", "school_yard", "laundry", "garage"}, []string{"Låset till entrédörren är sönderbrutet.", "Bänken är vält och en bräda bruten.", "Hissknappen är sönderslagen.", "Gungställningen är skadad."}},
	"vehicle_damage":  {0.9, &night, []string{"parking", "garage"}, []string{"Repor på flera fordon.", "Punkterade däck på parkeringen."}},
	"arson_structure": {0.3, &night, []string{"cellar_storage", "other_public"}, []string{"Container har brunnit, släckt.", "Papper tänt i soprum, släckt."}},
	"pyrotechnics":    {0, &evening, []string{"square", "school_yard", "park"}, []string{"Smällare kastas på torget.", "Raket avfyrad på gården."}},

	"unsafe_gathering":       {0, &evening, outdoors, []string{"Samling som upplevs otrygg, inget brott känt.", "Många samlade vid gångtunneln, folk går omvägar.", "Samling vid entrén sedan en timme."}},
	"trespass_common_space":  {0.4, &evening, housing, []string{"Obehöriga i källargången.", "Madrass och skräp i trapphuset.", "Någon har hållit till i tvättstugan."}},
	"public_nuisance":        {0, &night, []string{"park", "playground", "square", "parking"}, []string{"Hög musik från parkeringen.", "Rop och oljud sent."}},
	"public_intoxication":    {0, &evening, []string{"square", "station", "park"}, []string{"Öppet drickande på torget.", "Berusad samling vid stationen."}},
	"group_conflict":         {0, &evening, []string{"school_yard", "youth_centre", "square"}, []string{"Bråk mellan två grupper, lugnat.", "Hot om bråk efter skoltid."}},
	"local_ordinance_breach": {0, &evening, outdoors, []string{"Alkohol där det inte är tillåtet."}},

	"assault":           {0, &night, []string{"square", "station", "other_public"}, []string{"Slagsmål utanför krogen, avstyrt.", "Misshandel på gångvägen."}},
	"threat_harassment": {0, &evening, []string{"school_yard", "bus_stop", "shopping_centre"}, []string{"Hotfull stämning vid busshållplatsen.", "Trakasserier i kön."}},
	"robbery":           {0, &evening, []string{"path_tunnel", "park", "other_public"}, []string{"Rån i gångtunneln."}},
	"staff_incident":    {0, &daytime, []string{"library", "youth_centre", "square"}, []string{"Personal hotad vid tillsägelse."}},
	"weapon_found":      {0.5, &daytime, []string{"park", "school_yard"}, []string{"Tillhygge hittat i buskage."}},

	"suspected_drug_dealing": {0, &evening, []string{"park", "square", "parking", "stairwell"}, []string{"Täta korta möten vid parkbänken.", "Många korta stopp vid infarten."}},
	"drug_litter":            {0.8, &daytime, []string{"park", "playground", "stairwell", "garage"}, []string{"Kanyler vid bänken, hämtade.", "Gömställe med påsar i häcken."}},
	"supply_to_minors":       {0, &evening, []string{"school_yard", "youth_centre", "parking"}, []string{"Uppgift om försäljning till unga."}},

	"burglary": {0.9, &night, []string{"cellar_storage", "shopping_centre", "other_public"}, []string{"Inbrott i flera förråd.", "Dörr uppbruten till lokal."}},
	"theft":    {0.7, &daytime, []string{"station", "shopping_centre", "parking", "school_yard"}, []string{"Cykel stulen.", "Stöld ur butik.", "Moped borta från parkeringen."}},

	"reckless_driving":  {0, &evening, streets, []string{"Moped i hög fart på gångväg.", "Bilar kör fort på parkeringen."}},
	"abandoned_vehicle": {0.9, &daytime, []string{"parking", "garage"}, []string{"Fordon övergivet sedan länge."}},

	"poor_lighting":        {0.9, &evening, []string{"path_tunnel", "park", "parking"}, []string{"Belysningen släckt längs gångvägen."}},
	"obstructed_view":      {0.9, &daytime, []string{"path_tunnel", "park"}, []string{"Buskar skymmer sikten vid tunneln."}},
	"littering":            {0.9, &daytime, outdoors, []string{"Möbler dumpade vid miljöhuset.", "Skräp över hela planen."}},
	"haunt_desolate_place": {0.8, &daytime, []string{"other_public", "garage"}, []string{"Spår av tillhåll i övergiven byggnad."}},
	"positive_observation": {0, &daytime, outdoors, []string{"Ny belysning, många rör sig här på kvällen."}},
	"shooting_explosion":   {0, &night, outdoors, []string{"Skottlossning, avspärrat. Ingen uppgift om skadade."}},
	"rumour_social_unrest": {0, &daytime, outdoors, []string{"Oro efter rykten."}},
	"vehicle_fire":         {0, &night, []string{"parking"}, []string{"Fordon brinner på parkeringen."}},
	"unlawful_traffic":     {0, &daytime, streets, []string{"Parkering spärrar räddningsvägen."}},
	"loose_material":       {0.9, &daytime, outdoors, []string{"Lös gatsten vid bygget."}},
	"riot_stone_throwing":  {0, &night, outdoors, []string{"Stenkastning."}},
}
