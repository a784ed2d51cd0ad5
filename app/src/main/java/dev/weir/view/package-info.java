/// Step 13 of the data flow: what a readout found, as a picture, a page, a table or a file. Takes
/// plain records ([Table], [Heatmap], [LineChart], [BarChart]), gives files chosen by their
/// extension and lines for a terminal. Read [Table], [Report] and [ReportFiles] first.
@NullMarked
package dev.weir.view;

import org.jspecify.annotations.NullMarked;
