// tsdb-blocks writes made-up history as blocks of Prometheus' own storage.
//
// On standard input comes one series a line, as JSON:
//
//	{"labels": {"__name__": "x_total"}, "kind": "counter", "mean": 0.7, "share": 1, "seed": 3, "every": 15}
//
// A counter rises by a whole number of `mean` on average at each sample, a Poisson process; with
// `share` it is the part of that process which falls into a bucket. A gauge moves around `mean`.
// Equal kind, mean, share, seed and every give equal values, so that the buckets of a histogram
// with one seed fit together. Blocks are of 18 hours with 120 samples to a chunk, which is how
// Prometheus' own compaction leaves the last days.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/index"
)

const (
	blockLength     = 18 * time.Hour
	samplesPerChunk = 120
)

// shape decides the values of a series.
type shape struct {
	Kind  string  `json:"kind"`
	Mean  float64 `json:"mean"`
	Share float64 `json:"share"`
	Seed  uint64  `json:"seed"`
	Every int64   `json:"every"`
}

type series struct {
	shape
	Labels labels.Labels `json:"labels"`
}

func main() {
	out := flag.String("out", "", "folder of the blocks, made if missing")
	end := flag.Int64("end", 0, "end of the history, in seconds since the epoch; a multiple of 18 hours")
	blocks := flag.Int("blocks", 4, "how many blocks of 18 hours")
	flag.Parse()
	if err := run(os.Stdin, *out, *end, *blocks); err != nil {
		fmt.Fprintln(os.Stderr, "tsdb-blocks:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out string, end int64, blocks int) error {
	if length := int64(blockLength / time.Second); out == "" || blocks < 1 || end <= 0 || end%length != 0 {
		return fmt.Errorf("needs -out, -blocks of at least 1 and -end, a multiple of %d; -end is %d", length, end)
	}
	all, err := read(in)
	if err != nil {
		return err
	}
	written := make(map[shape]*values)
	for _, each := range all {
		if written[each.shape] == nil {
			written[each.shape] = newValues(each.shape)
		}
	}
	var samples, size uint64
	for number := range blocks {
		from := time.Unix(end, 0).Add(-blockLength * time.Duration(blocks-number))
		stats, err := writeBlock(filepath.Join(out, id(from).String()), all, written, from)
		if err != nil {
			return err
		}
		samples += stats.samples
		size += stats.bytes
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]uint64{"series": uint64(len(all)), "samples": samples, "bytes": size})
}

// read gives the series in the order of a block's index, each label set once.
func read(in io.Reader) ([]series, error) {
	var all []series
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var each series
		if err := json.Unmarshal(lines.Bytes(), &each); err != nil {
			return nil, fmt.Errorf("line %d: %w", len(all)+1, err)
		}
		if (each.Kind != "counter" && each.Kind != "gauge") || each.Every < 1 || each.Labels.Get(labels.MetricName) == "" {
			return nil, fmt.Errorf("line %d: needs labels with a name, kind counter or gauge, and every of 1 or more", len(all)+1)
		}
		all = append(all, each)
	}
	slices.SortFunc(all, func(a, b series) int { return labels.Compare(a.Labels, b.Labels) })
	for i := 1; i < len(all); i++ {
		if labels.Equal(all[i-1].Labels, all[i].Labels) {
			return nil, fmt.Errorf("%s is there twice", all[i].Labels)
		}
	}
	return all, lines.Err()
}

// values go on from block to block.
type values struct {
	shape
	random *rand.Rand
	total  float64
}

func newValues(of shape) *values {
	return &values{shape: of, random: rand.New(rand.NewPCG(of.Seed, 0))}
}

// next is the value of one more sample. Of one seed, every share sees the same process.
func (v *values) next() float64 {
	if v.Kind == "gauge" {
		return v.Mean * (1 + 0.2*v.random.NormFloat64())
	}
	v.total += poisson(v.random, v.Mean)
	return math.Floor(v.total * v.Share)
}

// poisson draws by Knuth's method: the means here are small.
func poisson(random *rand.Rand, mean float64) float64 {
	bound, product, drawn := math.Exp(-mean), random.Float64(), 0.0
	for product > bound {
		product *= random.Float64()
		drawn++
	}
	return drawn
}

func (v *values) chunks(from time.Time) []chunks.Meta {
	number := int(blockLength/time.Second) / int(v.Every)
	var made []chunks.Meta
	at := from.UnixMilli()
	for number > 0 {
		chunk := chunkenc.NewXORChunk()
		app, err := chunk.Appender()
		if err != nil {
			panic(err) // only for a chunk that is not empty
		}
		first, last := at, at
		for range min(number, samplesPerChunk) {
			app.Append(0, at, v.next())
			last, at = at, at+v.Every*1000
		}
		number -= min(number, samplesPerChunk)
		made = append(made, chunks.Meta{Chunk: chunk, MinTime: first, MaxTime: last})
	}
	return made
}

type stats struct{ samples, bytes uint64 }

func writeBlock(folder string, all []series, written map[shape]*values, from time.Time) (stats, error) {
	var did stats
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return did, err
	}
	made := make(map[shape][]chunks.Meta, len(written))
	for of, each := range written {
		made[of] = each.chunks(from)
	}
	chunkWriter, err := chunks.NewWriter(filepath.Join(folder, "chunks"))
	if err != nil {
		return did, err
	}
	indexWriter, err := index.NewWriter(context.Background(), filepath.Join(folder, "index"))
	if err != nil {
		return did, err
	}
	for _, symbol := range symbols(all) {
		if err := indexWriter.AddSymbol(symbol); err != nil {
			return did, err
		}
	}
	meta := tsdb.BlockMeta{
		ULID: id(from), MinTime: from.UnixMilli(), MaxTime: from.Add(blockLength).UnixMilli(), Version: 1,
		Compaction: tsdb.BlockMetaCompaction{Level: 3, Sources: []ulid.ULID{id(from)}},
	}
	for ref, each := range all {
		metas := slices.Clone(made[each.shape])
		if err := chunkWriter.WriteChunks(metas...); err != nil {
			return did, err
		}
		if err := indexWriter.AddSeries(storage.SeriesRef(ref), each.Labels, metas...); err != nil {
			return did, err
		}
		for _, chunk := range metas {
			did.samples += uint64(chunk.Chunk.NumSamples())
		}
		meta.Stats.NumChunks += uint64(len(metas))
	}
	meta.Stats.NumSamples, meta.Stats.NumSeries = did.samples, uint64(len(all))
	if err := chunkWriter.Close(); err != nil {
		return did, err
	}
	if err := indexWriter.Close(); err != nil {
		return did, err
	}
	text, err := json.Marshal(meta)
	if err != nil {
		return did, err
	}
	if err := os.WriteFile(filepath.Join(folder, "meta.json"), text, 0o666); err != nil {
		return did, err
	}
	did.bytes, err = sizeOf(folder)
	return did, err
}

func symbols(all []series) []string {
	seen := map[string]struct{}{}
	for _, each := range all {
		each.Labels.Range(func(label labels.Label) {
			seen[label.Name] = struct{}{}
			seen[label.Value] = struct{}{}
		})
	}
	sorted := make([]string, 0, len(seen))
	for symbol := range seen {
		sorted = append(sorted, symbol)
	}
	slices.Sort(sorted)
	return sorted
}

// id is the block's name: equal times, equal names.
func id(from time.Time) ulid.ULID {
	var made ulid.ULID
	if err := made.SetTime(uint64(from.UnixMilli())); err != nil {
		panic(err) // only for a time after the year 10889
	}
	return made
}

func sizeOf(folder string) (uint64, error) {
	var size uint64
	err := filepath.Walk(folder, func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			size += uint64(info.Size())
		}
		return err
	})
	return size, err
}
