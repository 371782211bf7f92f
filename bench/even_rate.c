/* SPDX-License-Identifier: MIT */
#include "even_rate.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SERVERS EVEN_RATE_SERVERS
#define TERMS (SERVERS + 3)
#define PASSES 5
#define DRAWS 200
#define ROUNDS_MIN 8

typedef struct {
    double terms[TERMS], value, weight, distance;
} row;

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

/* Gauss and Jordan, in place. The rates' terms have a little on the diagonal: where all rates are
 * alike they say nothing. */
static void solve(double matrix[TERMS][TERMS + 1], double out[TERMS])
{
    for (int i = 0; i < TERMS; i++) {
        if (i >= SERVERS)
            matrix[i][i] += 1e-6;
        int best = i;
        for (int j = i + 1; j < TERMS; j++)
            best = fabs(matrix[j][i]) > fabs(matrix[best][i]) ? j : best;
        for (int k = 0; k <= TERMS; k++) {
            double kept = matrix[i][k];
            matrix[i][k] = matrix[best][k];
            matrix[best][k] = kept;
        }
        for (int j = 0; j < TERMS; j++) {
            double by = matrix[j][i] / matrix[i][i];
            for (int k = i; j != i && k <= TERMS; k++)
                matrix[j][k] -= by * matrix[i][k];
        }
    }
    for (int i = 0; i < TERMS; i++)
        out[i] = matrix[i][TERMS] / matrix[i][i];
}

/* Who lies farther off than most gets less weight, the farther the less. */
static void weigh(row *rows, int count, const double fitted[TERMS], double *scratch)
{
    for (int i = 0; i < count; i++) {
        double expected = 0;
        for (int k = 0; k < TERMS; k++)
            expected += fitted[k] * rows[i].terms[k];
        scratch[i] = rows[i].distance = fabs(rows[i].value - expected);
    }
    qsort(scratch, (size_t)count, sizeof *scratch, compare);
    double bound = 1.345 * 1.4826 * scratch[count / 2] + 1e-12;
    for (int i = 0; i < count; i++)
        rows[i].weight = rows[i].distance <= bound ? 1 : bound / rows[i].distance;
}

static void fit(row *rows, int count, double *scratch, double fitted[TERMS])
{
    for (int i = 0; i < count; i++)
        rows[i].weight = 1;
    for (int pass = 0; pass < PASSES; pass++) {
        double matrix[TERMS][TERMS + 1] = {{0}};
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < TERMS; j++) {
                double weighted = rows[i].weight * rows[i].terms[j];
                for (int k = 0; weighted != 0 && k < TERMS; k++)
                    matrix[j][k] += weighted * rows[i].terms[k];
                matrix[j][TERMS] += weighted * rows[i].value;
            }
        }
        solve(matrix, fitted);
        weigh(rows, count, fitted, scratch);
    }
}

static double middle_rate(const even_rate_input *input, double *scratch)
{
    for (int i = 0; i < input->rounds * SERVERS; i++)
        scratch[i] = input->rates[i % SERVERS][i / SERVERS];
    qsort(scratch, (size_t)(input->rounds * SERVERS), sizeof *scratch, compare);
    return scratch[input->rounds * SERVERS / 2];
}

static void fill(const even_rate_input *input, double middle, row *rows)
{
    memset(rows, 0, (size_t)(input->rounds * SERVERS) * sizeof *rows);
    for (int i = 0; i < input->rounds * SERVERS; i++) {
        int server = i % SERVERS, round = i / SERVERS;
        double x = log(fmax(input->rates[server][round], 1) / fmax(middle, 1));
        rows[i].terms[server] = 1;
        for (int k = 0; k < 3; k++)
            rows[i].terms[SERVERS + k] = pow(x, k + 1);
        rows[i].value = log(fmax(input->figures[server][round], 1e-3));
    }
}

static void costs_of(const double fitted[TERMS], double out[SERVERS])
{
    double mean = (fitted[0] + fitted[1]) / 2;
    for (int i = 0; i < SERVERS; i++)
        out[i] = (exp(fitted[i] - mean) - 1) * 100;
}

static void draw(const row *rows, int rounds, uint64_t *state, row *out)
{
    for (int i = 0; i < rounds; i++) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        int from = (int)((*state >> 33) % (uint64_t)rounds);
        memcpy(&out[i * SERVERS], &rows[from * SERVERS], SERVERS * sizeof *out);
    }
}

static void run(const even_rate_input *input, row *rows, double *scratch,
                even_rate_cost out[SERVERS])
{
    static double drawn[SERVERS][DRAWS];
    int count = input->rounds * SERVERS;
    uint64_t state = 1;
    double fitted[TERMS], costs[SERVERS];
    fill(input, middle_rate(input, scratch), rows);
    fit(rows, count, scratch, fitted);
    costs_of(fitted, costs);
    for (int i = 0; i < SERVERS; i++)
        out[i].cost = costs[i];
    for (int n = 0; n < DRAWS; n++) {
        draw(rows, input->rounds, &state, rows + count);
        fit(rows + count, count, scratch, fitted);
        costs_of(fitted, costs);
        for (int i = 0; i < SERVERS; i++)
            drawn[i][n] = costs[i];
    }
    for (int i = 0; i < SERVERS; i++) {
        qsort(drawn[i], DRAWS, sizeof drawn[i][0], compare);
        out[i].least = drawn[i][DRAWS / 40];
        out[i].most = drawn[i][DRAWS - 1 - DRAWS / 40];
    }
}

void even_rate(const even_rate_input *input, even_rate_cost out[SERVERS])
{
    size_t count = (size_t)input->rounds * SERVERS;
    memset(out, 0, SERVERS * sizeof *out);
    if (input->rounds < ROUNDS_MIN)
        return;
    row *rows = malloc(2 * count * sizeof *rows);
    double *scratch = malloc(count * sizeof *scratch);
    if (rows != NULL && scratch != NULL)
        run(input, rows, scratch, out);
    free(scratch);
    free(rows);
}
