/* SPDX-License-Identifier: MIT */
#include "catalogue.h"

/* sku, name, brand, price in cents, pieces, picture, description, attributes */
static const ctl_catalogue_item items[] = {
    {"chess-travel", "Travel chess", "Zugzwang", 3450, 36, PICTURE_DICE,
     "Magnets in every piece and a board that closes over them.", "players=2; size=19 cm"},
    {"chess-board", "Chess board and pieces", "Zugzwang", 9900, 14, PICTURE_BOARD,
     "Maple and walnut, pieces weighted and felted, box included.",
     "color=walnut; players=2; size=45 cm"},
    {"chess-clock", "Chess clock", "Zugzwang", 4990, 21, PICTURE_CLOCK,
     "Digital, with the increments that clubs play.", "color=charcoal"},
    {"go-set", "Go board and stones", "Zugzwang", 7450, 9, PICTURE_BOARD,
     "Nineteen lines on bamboo, and 361 stones of glass.", "color=honey; players=2"},
    {"backgammon", "Backgammon, cork", "Zugzwang", 5950, 16, PICTURE_BOARD,
     "A field that swallows the noise of the dice, rolled up in a sleeve.", "color=oak; players=2"},
    {"cards-two", "Playing cards, two packs", "Zugzwang", 1890, 105, PICTURE_PAPER,
     "Linen finish, large index, in a wooden box.", "players=2 to 8; pieces=110"},
    {"dice-6", "Dice, six", "Zugzwang", 790, 230, PICTURE_DICE,
     "Sharp corners and drilled points: fair as far as we could throw.", "color=cream; pieces=6"},
    {"domino-28", "Dominoes", "Zugzwang", 2250, 41, PICTURE_DICE,
     "Twenty-eight tiles of ash in a box with a sliding lid.",
     "color=oak; players=2 to 4; pieces=28"},
    {"game-harbour", "Harbour Master", "Brettspiel", 3990, 35, PICTURE_BOX,
     "Twelve ships, four berths, one crane. A board game of good timing.",
     "players=2 to 4; age=10; minutes=60"},
    {"game-mill", "The Mill by the River", "Brettspiel", 3490, 27, PICTURE_BOX,
     "Build a village upstream of the others, and share the water. A board game.",
     "players=3 to 5; age=12; minutes=90"},
    {"game-owl", "Night of the Owls", "Brettspiel", 1490, 88, PICTURE_PAPER,
     "A quick card game of bluff; the last mouse awake wins.", "players=3 to 6; age=8; minutes=20"},
    {"game-map", "Lost Cartographers", "Brettspiel", 2990, 1, PICTURE_BOX,
     "Everybody draws the same island, and nobody sees the whole. For one player or six.",
     "players=1 to 6; age=10; minutes=45"},
    {"puzzle-1000", "Puzzle, night sky", "Papyr", 2290, 52, PICTURE_BLOCKS,
     "One thousand pieces, nearly all of them dark blue.", "color=navy; pieces=1000"},
    {"puzzle-500", "Puzzle, harbour", "Papyr", 1690, 66, PICTURE_BLOCKS,
     "Five hundred pieces for one rainy Sunday.", "color=sky; pieces=500"},
};

const ctl_catalogue_section ctl_catalogue_games = {"Games", 320, sizeof items / sizeof *items,
                                                   items};
